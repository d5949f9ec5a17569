"""Names, e-mails and companies of the simulated business."""

import random

_MEN = (
    "Иван", "Сергей", "Дмитрий", "Алексей", "Андрей", "Павел", "Никита", "Олег", "Максим",
    "Роман", "Артём", "Кирилл", "Игорь", "Виктор", "Тимур", "Георгий", "Егор", "Денис",
)  # fmt: skip
_WOMEN = (
    "Ольга", "Мария", "Елена", "Наталья", "Татьяна", "Ирина", "Светлана", "Юлия", "Дарья",
    "Ксения", "Полина", "Алина", "Вера", "Галина", "Людмила", "Марина", "Евгения", "Софья",
)  # fmt: skip
_SURNAMES = (
    "Соколов", "Кузнецов", "Попов", "Лебедев", "Козлов", "Новиков", "Морозов", "Волков",
    "Соловьёв", "Васильев", "Зайцев", "Павлов", "Семёнов", "Голубев", "Виноградов", "Богданов",
    "Воробьёв", "Фёдоров", "Михайлов", "Беляев", "Тарасов", "Белов", "Комаров", "Орлов",
    "Киселёв", "Макаров", "Андреев", "Ковалёв", "Ильин", "Гусев", "Титов", "Кузьмин",
    "Кудрявцев", "Баранов", "Куликов", "Яковлев", "Сорокин", "Сергеев", "Романов", "Захаров",
)  # fmt: skip
_FIRMS = (
    "Вектор", "Гранит", "Логистик Плюс", "Веста", "Альтаир", "Промснаб", "Северсталькомплект",
    "Техноград", "Рубин", "Меркурий", "Стройинвест", "Уралмаш-Сервис", "Ладога", "Каскад",
    "Агротех", "Полюс", "Орион", "Балтика-Трейд", "Сибирь", "Кедр", "Монолит", "Эталон",
)  # fmt: skip
_GOODS = (
    "Поставка оборудования", "Годовое обслуживание", "Модернизация склада", "Пилотный проект",
    "Продление лицензий", "Монтаж линии", "Запасные части", "Обучение персонала",
)  # fmt: skip
_LATIN = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        (
            "a", "b", "v", "g", "d", "e", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p",
            "r", "s", "t", "u", "f", "kh", "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya",
        ),
        strict=True,
    )
)  # fmt: skip


def people(rng: random.Random, number: int) -> list[tuple[str, str, str]]:
    """That many different (name, last name, gender M or F); the surname agrees."""
    men = [(name, surname, "M") for name in _MEN for surname in _SURNAMES]
    women = [(name, f"{surname}а", "F") for name in _WOMEN for surname in _SURNAMES]
    everybody = men + women
    rng.shuffle(everybody)
    first = ("Анна", "Петрова", "F"), ("Иван", "Соколов", "M")
    return [*first, *(person for person in everybody if person not in first)][:number]


def email(name: str, last_name: str, taken: set[str]) -> str:
    """A corporate address that nobody has yet."""
    base = f"{latin(name)[0]}.{latin(last_name)}"
    found, number = f"{base}@severny-veter.example", 1
    while found in taken:
        number += 1
        found = f"{base}{number}@severny-veter.example"
    taken.add(found)
    return found


def latin(text: str) -> str:
    """Russian letters in Latin."""
    return "".join(_LATIN.get(letter, letter) for letter in text.casefold())


def titles() -> list[str]:
    """Titles of deals: what, for whom."""
    return [f"{goods} — ООО «{firm}»" for goods in _GOODS for firm in _FIRMS]


def phones(rng: random.Random, number: int) -> list[tuple[str, ...]]:
    """Clients' numbers, each in the spellings that people and switchboards use."""
    spelled: list[tuple[str, ...]] = []
    for _ in range(number):
        code, rest = rng.choice((912, 916, 926, 495, 812, 903)), rng.randrange(10**7)
        digits = f"{code}{rest:07d}"
        pretty = f"+7 ({digits[:3]}) {digits[3:6]}-{digits[6:8]}-{digits[8:]}"
        spelled.append((f"+7{digits}", f"8{digits}", pretty, f"7{digits}"))
    return spelled
