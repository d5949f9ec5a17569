"""Who is who: accounts of several sources, settings with validity, ids that never change."""

import pytest

from config.settings import ManagerEntry
from store import directory
from store.fact import Account
from store.store import Store
from sync.people import load_people, update_people


@pytest.fixture
def company(sqlite_store: Store) -> "Company":
    return Company(sqlite_store)


class Company:
    """Two sources with accounts, and the settings of the moment."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.write() as tx:
            self.ids = {name: directory.source_id(tx, name) for name in ("main", "pbx")}

    def hire(
        self, source: str, ref: str, name: str, email: str | None = None, extension: str = ""
    ) -> None:
        with self.store.write() as tx:
            account = Account(
                ref=ref, name=name, email=email, active=True, extension=extension or None
            )
            directory.put_accounts(tx, self.ids[source], [account])

    def settle(self, *entries: ManagerEntry) -> set[tuple[int, str]]:
        with self.store.write() as tx:
            return update_people(tx, entries)

    def who(self, source: str, ref: str, day: int = 20260601) -> int | None:
        with self.store.read() as tx:
            return load_people(tx).manager(self.ids[source], ref, day)

    def names(self) -> dict[int, str]:
        with self.store.read() as tx:
            rows = tx.exec_driver_sql("SELECT id, name FROM manager WHERE listed")
            return {row[0]: row[1] for row in rows}


def _entry(name: str, **options: object) -> ManagerEntry:
    return ManagerEntry.model_validate({"name": name, "aliases": {}, **options})


def test_an_account_is_a_person_until_told_otherwise(company: Company) -> None:
    company.hire("main", "7", "Анна")
    company.hire("pbx", "101", "Анна")
    assert company.settle() == {(1, "7"), (2, "101")}
    assert company.who("main", "7") != company.who("pbx", "101")
    assert company.who("main", "unknown") is None
    assert company.settle() == set()


def test_one_address_is_one_person_whatever_its_case(company: Company) -> None:
    company.hire("main", "7", "Анна", "Anna@Example.ru ")
    company.hire("pbx", "101", "A.", "anna@example.RU")
    company.hire("pbx", "102", "Без почты", "")
    company.hire("pbx", "103", "Тоже без", "")
    company.settle()
    assert company.who("main", "7") == company.who("pbx", "101")
    assert company.who("pbx", "102") != company.who("pbx", "103")


def test_an_id_outlives_renaming_a_new_address_and_an_entry_in_the_settings(
    company: Company,
) -> None:
    company.hire("main", "7", "Анна Петрова")
    company.settle()
    anna = company.who("main", "7")
    company.hire("main", "7", "Анна Иванова", "anna@example.ru")
    assert company.settle() == set()
    entry = _entry("Анна", aliases={"main": "7"})
    assert company.settle(entry) == set()
    assert company.names() == {anna: "Анна"}
    assert company.settle(_entry("Анна Ивановна", aliases={"main": "7"})) == set()
    assert company.settle() == set()
    assert company.who("main", "7") == anna
    assert company.names() == {}


def test_someone_named_before_the_first_read_keeps_that_id(company: Company) -> None:
    entry = _entry("Анна", aliases={"main": "7"})
    company.settle(entry)
    (early,) = company.names()
    company.hire("main", "7", "Анна Петрова")
    company.settle(entry)
    assert company.who("main", "7") == early
    company.settle()
    assert company.who("main", "7") == early


def test_an_entry_joins_accounts_of_two_sources(company: Company) -> None:
    company.hire("main", "7", "Анна")
    company.hire("pbx", "101", "внутренний 101")
    company.settle()
    anna = company.who("main", "7")
    moved = company.settle(_entry("Анна", aliases={"main": "7", "pbx": "101"}))
    assert moved == {(2, "101")}
    assert company.who("pbx", "101") == anna


def test_a_desk_belongs_to_each_on_their_own_days(company: Company) -> None:
    company.hire("pbx", "101", "Стол у окна")
    company.settle()
    desk = company.who("pbx", "101")
    company.settle(
        _entry("Анна", aliases={"pbx": "101"}, to="2026-03-31"),
        _entry("Борис", aliases={"pbx": "101"}, **{"from": "2026-05-01"}),
    )
    anna, boris = (company.who("pbx", "101", day) for day in (20260331, 20260501))
    assert company.who("pbx", "101", 20260401) == company.who("pbx", "101", 20260430) == desk
    assert len({anna, boris, desk}) == 3
    assert company.who("pbx", "101", 20200101) == anna
    assert company.who("pbx", "101", 20991231) == boris


def test_entries_that_overlap_give_the_day_to_the_earlier(company: Company) -> None:
    company.hire("pbx", "101", "Стол")
    company.settle(
        _entry("Анна", aliases={"pbx": "101"}, to="2026-03-31"),
        _entry("Борис", aliases={"pbx": "101"}, **{"from": "2026-03-01"}),
    )
    assert company.who("pbx", "101", 20260315) == company.who("pbx", "101", 20260101)
    assert company.who("pbx", "101", 20260401) != company.who("pbx", "101", 20260315)


def test_an_ignored_person_is_nobody_and_comes_back(company: Company) -> None:
    company.hire("main", "7", "Робот")
    company.settle()
    robot = company.who("main", "7")
    assert company.settle(_entry("Робот", aliases={"main": "7"}, ignore=True)) == {(1, "7")}
    assert company.who("main", "7") is None
    assert company.settle() == {(1, "7")}
    assert company.who("main", "7") == robot


def test_an_alias_without_an_account_still_counts(company: Company) -> None:
    company.settle(_entry("Анна", aliases={"pbx": "999", "gone": "1"}))
    assert company.who("pbx", "999") is not None


def test_two_entries_for_one_account_leave_both_people(company: Company) -> None:
    company.hire("main", "7", "Анна")
    company.settle(
        _entry("Анна", aliases={"main": "7"}), _entry("Вторая Анна", aliases={"main": "7"})
    )
    assert set(company.names().values()) == {"Анна", "Вторая Анна"}


@pytest.fixture
def exchange(company: Company) -> Company:
    """The source `pbx` is a telephone system."""
    with company.store.write() as tx:
        directory.mark_telephony(tx, ["pbx"])
    return company


def test_an_extension_that_one_person_has_in_the_crm_is_theirs(exchange: Company) -> None:
    exchange.hire("main", "7", "Анна", extension="101")
    exchange.hire("main", "8", "Борис", extension="102")
    exchange.settle()
    assert exchange.who("pbx", "101") == exchange.who("main", "7")
    assert exchange.who("pbx", "102") == exchange.who("main", "8")
    assert exchange.who("pbx", "103") is None


def test_an_account_of_the_exchange_without_an_address_is_who_has_its_extension(
    exchange: Company,
) -> None:
    exchange.hire("main", "7", "Анна", "anna@firm.example", extension="101")
    exchange.hire("pbx", "5001", "Телефон 101", extension="101")
    exchange.hire("pbx", "5002", "Телефон 102", extension="102")
    exchange.settle()
    assert exchange.who("pbx", "5001") == exchange.who("main", "7")
    assert exchange.who("pbx", "101") == exchange.who("main", "7")
    assert exchange.who("pbx", "5002") not in (None, exchange.who("main", "7"))


def test_an_address_joins_before_an_extension_does(exchange: Company) -> None:
    exchange.hire("main", "7", "Анна", "anna@firm.example", extension="101")
    exchange.hire("main", "8", "Борис", "boris@firm.example", extension="102")
    exchange.hire("pbx", "5001", "Борис", "boris@firm.example", extension="101")
    exchange.settle()
    assert exchange.who("pbx", "5001") == exchange.who("main", "8")
    assert exchange.who("pbx", "101") == exchange.who("main", "8"), "the exchange's own word"


def test_an_extension_of_two_people_is_nobodys(exchange: Company) -> None:
    exchange.hire("main", "7", "Анна", extension="101")
    exchange.hire("main", "8", "Борис", extension="101")
    exchange.settle()
    assert exchange.who("pbx", "101") is None


def test_an_extension_in_the_settings_names_its_account_on_its_days(exchange: Company) -> None:
    exchange.hire("pbx", "5001", "Стол 1", extension="101")
    entries = (
        _entry("Анна", aliases={"pbx": "101"}, to="2026-05-31"),
        _entry("Борис", aliases={"pbx": "101"}, **{"from": "2026-06-01"}),
    )
    exchange.settle(*entries)
    names = exchange.names()
    for ref in ("101", "5001"):
        assert names[exchange.who("pbx", ref, 20260531) or 0] == "Анна"
        assert names[exchange.who("pbx", ref, 20260601) or 0] == "Борис"
