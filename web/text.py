"""The words of the pages in Russian and English, months and plural forms included."""

from dataclasses import dataclass
from datetime import date

_RU = {
    "title": "Команда продаж",
    "team": "Вся команда",
    "manager": "Менеджер",
    "unknown": "нет данных",
    "nothing": "не из чего считать: таких записей за период нет",
    "partial": "данные неполные",
    "partial_until": "неполные: прочитано по {moment}",
    "partial_since": "неполные: период прочитан не с начала, или у части сделок неизвестен курс",
    "unknown_note": "нет данных: источник не подключён или этот период не читался. Это не ноль",
    "beside": "Под числом — {month} целиком",
    "whole_month": "{month} целиком: {value}",
    "by_day": "к {day}: {value}",
    "part_of": "{part} из {whole}",
    "pace": "{title} нарастающим итогом: {now} рядом с месяцем {before}",
    "as_of": "на {time}",
    "never_read": "ещё не прочитан",
    "stale": "Данные «{name}» устарели: последний раз прочитаны {moment}. "
    "Числа на странице не включают того, что было позже.",
    "unread": "Источник «{name}» ещё ни разу не прочитан до конца.",
    "why": "Причина: {reason}",
    "empty": "Пока ни одного менеджера",
    "empty_why": "Менеджер появляется здесь с первым звонком или сделкой, прочитанными из CRM.",
    "empty_do": "Первое чтение может занять несколько минут: страница обновится сама. "
    "Если ничего не меняется, запустите merilo check: он покажет, чего не хватает.",
    "no_sources": "В настройках нет ни одного источника: добавьте [sources.main] "
    "и запустите снова.",
    "table": "Показатели менеджеров, {month}",
    "meanings": "Что означают показатели",
    "marks": "Обозначения",
    "mark_unknown": "данных нет; это не ноль",
    "mark_nothing": "считать не из чего: знаменатель — ноль",
    "mark_partial": "данные прочитаны не за весь период; по какое время — в подсказке к числу",
    "mark_bar": "полоса — этот месяц, чёрточка — прошлый месяц целиком",
    "own_count": "Строка команды считается отдельно: разговор двоих для команды — один разговор.",
    "days_of": "Дни и месяцы — по времени {zone}.",
    "previous": "Предыдущий месяц",
    "next": "Следующий месяц",
    "current": "Текущий месяц",
    "sort": "Сортировать: {title}",
    "offline": "Нет связи с Мерилом: на странице прежние числа.",
    "skip": "К таблице",
    "back": "К таблице команды",
    "records": "Записи за числом",
    "records_shown": "Показаны первые {shown} из {total}.",
    "deal": "Сделка № {ref}",
    "lead": "Лид № {ref}",
    "quote": "Предложение № {ref}",
    "call": "Звонок {ref}",
    "other": "Запись {ref}",
    "no_rate": "курс неизвестен",
    "when": "Когда",
    "record": "Запись",
    "amount": "Вклад",
    "open": "открыть в CRM",
    "meaning": "Как считается",
    "login": "Вход",
    "token": "Ключ доступа",
    "token_hint": "Его задаёт администратор: [web] token в настройках Мерила.",
    "token_wrong": "Ключ не подошёл. Проверьте, что он скопирован целиком.",
    "enter": "Войти",
    "error_400": "Адрес написан с ошибкой",
    "error_403": "Сюда так не войти",
    "error_404": "Такой страницы нет",
    "error_405": "Так эту страницу не открыть",
    "error_500": "Что-то пошло не так у нас",
    "error_503": "Хранилище сейчас не отвечает",
    "error_400_do": "Откройте таблицу команды и выберите месяц там.",
    "error_403_do": "Откройте Мерило по адресу из настроек ([web] listen или public_url).",
    "error_404_do": "Возможно, ссылка устарела. Начните с таблицы команды.",
    "error_405_do": "Начните с таблицы команды.",
    "error_500_do": "Ошибка записана в журнал. Обновите страницу; если повторится, "
    "покажите журнал администратору.",
    "error_503_do": "Собранные данные целы. Обновите страницу через минуту; "
    "администратору подскажет merilo doctor.",
    "activity": "Активность",
    "conversion": "Конверсия",
    "result": "Результат",
    "quality": "Качество",
    "hours": "ч",
    "minutes": "мин",
    "seconds": "с",
    "clock": "ч:мм",
}

_EN = {
    "title": "Sales team",
    "team": "Whole team",
    "manager": "Manager",
    "unknown": "no data",
    "nothing": "nothing to measure: no such records in the period",
    "partial": "incomplete data",
    "partial_until": "incomplete: read up to {moment}",
    "partial_since": "incomplete: not read from the beginning, or deals without a known rate",
    "unknown_note": "no data: the source is not connected, or this period was not read. Not a zero",
    "beside": "Below each number: the whole of {month}",
    "whole_month": "whole {month}: {value}",
    "by_day": "by {day}: {value}",
    "part_of": "{part} of {whole}",
    "pace": "{title}, running total: {now} beside {before}",
    "as_of": "as of {time}",
    "never_read": "not read yet",
    "stale": "The data of “{name}” are old: last read {moment}. "
    "The numbers here do not include what happened later.",
    "unread": "The source “{name}” has not been read to its end yet.",
    "why": "Why: {reason}",
    "empty": "No managers yet",
    "empty_why": "A manager appears here with the first call or deal read from the CRM.",
    "empty_do": "The first read may take some minutes: the page refreshes itself. "
    "If nothing changes, run merilo check: it shows what is missing.",
    "no_sources": "The settings name no source: add [sources.main] and start again.",
    "table": "KPIs of the managers, {month}",
    "meanings": "What the KPIs mean",
    "marks": "Signs",
    "mark_unknown": "there are no data; this is not a zero",
    "mark_nothing": "nothing to measure: the denominator is zero",
    "mark_partial": "not read for the whole period; hover to see up to when",
    "mark_bar": "the bar is this month, the tick the whole of last month",
    "own_count": "The team is counted for itself: a talk of two people is one talk of the team.",
    "days_of": "Days and months are those of {zone}.",
    "previous": "Previous month",
    "next": "Next month",
    "current": "Current month",
    "sort": "Sort by {title}",
    "offline": "Merilo does not answer: the numbers shown are the former ones.",
    "skip": "To the table",
    "back": "To the team's board",
    "records": "Records behind the number",
    "records_shown": "The first {shown} of {total} are shown.",
    "deal": "Deal {ref}",
    "lead": "Lead {ref}",
    "quote": "Quote {ref}",
    "call": "Call {ref}",
    "other": "Record {ref}",
    "no_rate": "no rate known",
    "when": "When",
    "record": "Record",
    "amount": "Adds",
    "open": "open in the CRM",
    "meaning": "How it is counted",
    "login": "Sign in",
    "token": "Access token",
    "token_hint": "The administrator chooses it: [web] token in the settings of Merilo.",
    "token_wrong": "This token is not the one. Check that it was copied whole.",
    "enter": "Enter",
    "error_400": "The address is not right",
    "error_403": "Not this way in",
    "error_404": "No such page",
    "error_405": "The page does not open this way",
    "error_500": "Something went wrong on our side",
    "error_503": "The store does not answer now",
    "error_400_do": "Open the team's board and choose a month there.",
    "error_403_do": "Open Merilo by the address in its settings ([web] listen or public_url).",
    "error_404_do": "The link may be old. Begin with the team's board.",
    "error_405_do": "Begin with the team's board.",
    "error_500_do": "It was written to the log. Reload; if it stays, show that log "
    "to the administrator.",
    "error_503_do": "What was collected is safe. Reload in a minute; merilo doctor helps further.",
    "activity": "Activity",
    "conversion": "Conversion",
    "result": "Result",
    "quality": "Quality",
    "hours": "h",
    "minutes": "min",
    "seconds": "s",
    "clock": "h:mm",
}

_MONTHS = {
    "ru": "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
    "en": "January February March April May June July August September October November December",
}
_MONTHS_OF = {
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "en": _MONTHS["en"],
}
_PLURALS = {
    "ru": {
        "managers": ("менеджер", "менеджера", "менеджеров"),
        "minutes_ago": ("минуту", "минуты", "минут"),
        "hours_ago": ("час", "часа", "часов"),
        "days_ago": ("день", "дня", "дней"),
        "records": ("запись", "записи", "записей"),
    },
    "en": {
        "managers": ("manager", "managers", "managers"),
        "minutes_ago": ("minute", "minutes", "minutes"),
        "hours_ago": ("hour", "hours", "hours"),
        "days_ago": ("day", "days", "days"),
        "records": ("record", "records", "records"),
    },
}


@dataclass(frozen=True)
class Text:
    """The words of one language: `ru` or `en`."""

    language: str

    def __call__(self, key: str, **values: object) -> str:
        """The sentence of that key with its values filled in."""
        sentence = (_EN if self.language == "en" else _RU)[key]
        return sentence.format(**values) if values else sentence

    def has(self, key: str) -> bool:
        """Whether there is a sentence of that key."""
        return key in _RU

    def plural(self, key: str, count: int) -> str:
        """`21 менеджер`, `22 менеджера`, `25 менеджеров` (CLDR rules for whole numbers)."""
        return f"{count} {_PLURALS[self.language][key][_form(self.language, count)]}"

    def month(self, month: date) -> str:
        """`ноябрь 2026`."""
        return f"{_MONTHS[self.language].split()[month.month - 1]} {month.year}"

    def month_name(self, month: date) -> str:
        """`ноябрь`."""
        return _MONTHS[self.language].split()[month.month - 1]

    def day(self, day: date) -> str:
        """`21 ноября`."""
        return f"{day.day} {_MONTHS_OF[self.language].split()[day.month - 1]}"

    def ago(self, seconds: float) -> str:
        """`только что`, `5 минут назад`, `3 часа назад`, `2 дня назад`."""
        minutes = int(seconds // 60)
        if minutes < 1:
            return "just now" if self.language == "en" else "только что"
        count, key = minutes, "minutes_ago"
        if minutes >= 48 * 60:
            count, key = minutes // 1440, "days_ago"
        elif minutes >= 90:
            count, key = minutes // 60, "hours_ago"
        tail = "ago" if self.language == "en" else "назад"
        return f"{self.plural(key, count)} {tail}"


def _form(language: str, count: int) -> int:
    if language == "en":
        return 0 if count == 1 else 1
    ten, hundred = count % 10, count % 100
    if ten == 1 and hundred != 11:
        return 0
    return 1 if 2 <= ten <= 4 and not 12 <= hundred <= 14 else 2
