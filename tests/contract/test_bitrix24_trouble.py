"""An agent against Bitrix24 that dies or is refused at any request, while people work: in the end
store = truth, KPI = truth and CRM = KPI."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from merilo.cycle import run_cycle
from merilo.scorecard import plan_writeback, run_writeback
from tests.contract.place import (
    SCORECARD,
    Facts,
    Place,
    ended_well,
    facts_of,
    portal,
    whole_run,
)
from tests.contract.trouble import (
    KINDS,
    at_requests,
    dying,
    nobody_hands_over,
    small_pages,
    suffer,
)
from tests.flow.agent import Numbers
from tests.flow.kill import Kill


@pytest.fixture(autouse=True)
def ten_rows() -> Iterator[None]:
    """Pages of ten rows, so that a tiny company takes a score of requests."""
    with small_pages():
        yield


@pytest.fixture(scope="module")
def untroubled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Facts, int]:
    """What is known after a run that met no trouble, and of how many requests it was."""
    with (
        small_pages(),
        portal(tmp_path_factory.mktemp("untroubled") / "one") as place,
        place.opened() as app,
    ):
        with at_requests(lambda _number: None) as sent:
            assert not whole_run(app).errors
        return facts_of(app), sent[0]


def come_back(place: Place, known: Facts) -> Numbers:
    """The agent starts anew where nothing goes wrong, and all agrees; the numbers that do."""
    with place.opened() as app:
        place.settle(app)
        agreed = place.check(app)
        assert facts_of(app) == known
    made_once(place)
    return agreed


def made_once(place: Place) -> None:
    """Whatever was sent again: nothing is in the CRM twice."""
    made = Counter(write.method for write in place.box.portal.writes)
    assert made["crm.type.add"] == 1
    (process,) = place.box.portal.smart.rows()
    fields = place.box.portal.userfields.of(f"CRM_{process['id']}")
    assert made["userfieldconfig.add"] == len(fields)
    titles = [item["title"] for item in place.box.portal.items(process["entityTypeId"])]
    assert len(titles) == len(set(titles)) == made["crm.item.add"] > 0


def die_at(folder: Path, number: int, known: Facts, *, after: bool) -> Numbers:
    """The process dies at a request and another comes back; the numbers that agree."""
    with portal(folder) as place:
        with (
            place.opened() as app,
            at_requests(dying(number), after=after),
            pytest.raises(Kill),
        ):
            whole_run(app)
        return come_back(place, known)


@pytest.mark.parametrize(
    ("share", "after"), [pytest.param(0.4, True, marks=pytest.mark.long), (0.9, False)]
)
def test_killed_at_a_request_everything_agrees_in_the_end(
    tmp_path: Path, untroubled: tuple[Facts, int], share: float, after: bool
) -> None:
    known, requests = untroubled
    assert die_at(tmp_path / "place", round(share * requests), known, after=after)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_killed_at_any_request_everything_agrees_in_the_end(
    tmp_path: Path, untroubled: tuple[Facts, int], after: bool
) -> None:
    known, requests = untroubled
    assert requests > 15
    for number in range(1, requests + 1):
        assert die_at(tmp_path / f"{number}", number, known, after=after)


def test_when_every_request_meets_another_fault_everything_agrees_in_the_end(
    tmp_path: Path, untroubled: tuple[Facts, int]
) -> None:
    with portal(tmp_path / "place") as place:

        def trouble(number: int) -> None:
            if number % 2:  # or no attempt ever came through
                suffer(place.box, KINDS[number // 2 % len(KINDS)])

        with place.opened() as app, at_requests(trouble) as sent:
            for _ in range(40):
                if ended_well(app):
                    break
                place.pass_by(minutes=20)
        assert sent[0] > 2 * len(KINDS)
        assert come_back(place, untroubled[0])


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kind", KINDS)
def test_any_fault_at_any_request_leaves_everything_in_agreement(
    tmp_path: Path, untroubled: tuple[Facts, int], kind: str
) -> None:
    known, requests = untroubled
    assert requests > 15
    for number in range(1, requests + 1):
        with portal(tmp_path / f"{number}") as place:

            def trouble(sent: int, place: Place = place, number: int = number) -> None:
                if sent == number:
                    suffer(place.box, kind)

            with place.opened() as app, at_requests(trouble):
                ended_well(app)
            place.pass_by(minutes=20)
            assert come_back(place, known)


def work_between_requests(place: Place, seed: int) -> Numbers:
    """People work while the agent reads; the numbers that agree when they rest."""
    chance = random.Random(seed)

    def work(_number: int) -> None:
        for _ in range(6):
            place.pass_by(seconds=chance.choice((0, 0.4, 1, 7)))
            place.box.portal.live_step(chance)

    with nobody_hands_over(), place.opened() as app:
        with at_requests(work):
            whole_run(app)
            assert ended_well(app)
        place.settle(app)
        agreed = place.check(app)
        assert facts_of(app) == place.read_anew()
    made_once(place)
    return agreed


def test_while_people_work_between_the_requests_everything_agrees_in_the_end(
    tmp_path: Path,
) -> None:
    with portal(tmp_path / "place") as place:
        assert work_between_requests(place, 1)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 22))
def test_however_people_work_between_the_requests_everything_agrees_in_the_end(
    tmp_path: Path, seed: int
) -> None:
    with portal(tmp_path / "place", seed=seed) as place:
        assert work_between_requests(place, seed)


@pytest.mark.parametrize("at", [3, 4])
def test_a_record_made_as_the_process_died_is_emptied_at_once_when_its_person_did_nothing(
    tmp_path: Path, at: int
) -> None:
    with portal(tmp_path / "place", scale="empty") as place:
        with place.opened() as app:
            assert not whole_run(app).errors
            gone = place.box.portal.create_deal(9, 100)
            place.pass_by(minutes=20)
            assert not run_cycle(app, "main").errors
            with suppress(Kill), at_requests(dying(at), after=True):
                run_writeback(app, SCORECARD)
        place.box.portal.delete_deal(gone)
        with place.opened() as app:
            place.settle(app)
            assert plan_writeback(app, app.settings.destinations[0]).steps == ()
