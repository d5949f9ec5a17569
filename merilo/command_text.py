"""What the commands print besides numbers and errors, in the language of the settings."""

from dataclasses import dataclass

_RU = {
    "ok": "ok",
    "error": "ошибка",
    "missing": "нет",
    "unused": "лишнее",
    "settings": "настройки",
    "secrets": "секреты",
    "no_place_for_tokens": "токены OAuth негде хранить: {place}",
    "set_backend": 'Задайте [secrets] backend = "vault" (или "auto", "os", "file").',
    "progress": "{name}: {read:,} записей",
    "read": "{name}: прочитано {read}, изменилось {changed}",
    "aside": "в карантине",
    "no_such_records": "{name}: в портале таких записей нет",
    "swept": "{name}: сверено {compared}, удалено {removed}, дочитано {missed}",
    "nothing_to_sweep": "{source}: сверять нечего, сначала выполните merilo sync {source}",
    "never_removes": "{source}: эта система записей не удаляет; последний месяц перечитан",
    "quarantine_empty": "Карантин пуст.",
    "source_gone": "{source}: источника больше нет в настройках",
    "understood": "{name}: понято {understood} из {aside}",
    "records_disagree": "Записи не складываются в сохранённое число. Ничего не изменено. "
    "Выполните `merilo kpi rebuild`: показатели будут пересчитаны по фактам.",
    "metrics_differed": "Сохранённые показатели отличались от фактов. "
    "Они пересчитаны и теперь верны. Это ошибка программы: пожалуйста, сообщите о ней.",
    "metrics_agree": "Показатели совпадают с фактами.",
    "in_order": "Всё в порядке.",
    "state_ok": "в порядке",
    "state_reading": "идёт первое чтение",
    "state_stale": "устарел",
    "state_failing": "не читается",
    "state_never": "не читался",
    "state_absent": "нет в портале",
    "state_paused": "приостановлен",
    "late_read": "поздние строки перечитаны: {ago}",
    "never_written": "ещё не писали",
    "no_destinations": "В настройках нет ни одного [[destinations]]",
    "action_create_type": "создать смарт-процесс",
    "action_create_field": "создать поле",
    "action_create": "создать",
    "action_adopt": "принять",
    "action_update": "изменить",
    "action_conflict": "правка человека",
    "empty": "пусто",
    "nothing_to_change": "{name}: менять нечего",
    "written": "RUN {run} {name}: записано {count}",
    "edit_kept": "  {key}: правка человека оставлена ({what})",
    "record_deleted": "запись удалена",
    "unanswered": "  без ответа {count}: выяснится при следующем запуске",
    "put_back": "{name}: возвращено записей {count}; запись на паузе",
    "left_as_is": "  {key}: оставлено как есть ({fields})",
    "whole_record": "запись целиком",
}

_EN = {
    "ok": "ok",
    "error": "error",
    "missing": "missing",
    "unused": "unused",
    "settings": "settings",
    "secrets": "secrets",
    "no_place_for_tokens": "OAuth tokens have no place to be kept: {place}",
    "set_backend": 'Set [secrets] backend = "vault" (or "auto", "os", "file").',
    "progress": "{name}: {read:,} records",
    "read": "{name}: read {read}, changed {changed}",
    "aside": "set aside",
    "no_such_records": "{name}: the source has no such records",
    "swept": "{name}: compared {compared}, removed {removed}, fetched {missed}",
    "nothing_to_sweep": "{source}: nothing to compare yet, first run merilo sync {source}",
    "never_removes": "{source}: this system removes no records; the last month was read again",
    "quarantine_empty": "Nothing is set aside.",
    "source_gone": "{source}: the settings no longer name this source",
    "understood": "{name}: understood {understood} of {aside}",
    "records_disagree": "The records do not add up to the kept number. Nothing was changed. "
    "Run `merilo kpi rebuild`: the metrics will be counted anew from the facts.",
    "metrics_differed": "The kept metrics differed from the facts. "
    "They were counted anew and are right now. This is a bug of the program: please report it.",
    "metrics_agree": "The kept metrics agree with the facts.",
    "in_order": "Everything is in order.",
    "state_ok": "ok",
    "state_reading": "reading",
    "state_stale": "stale",
    "state_failing": "failing",
    "state_never": "never",
    "state_absent": "absent",
    "state_paused": "paused",
    "late_read": "late rows read again: {ago}",
    "never_written": "never written",
    "no_destinations": "The settings have no [[destinations]]",
    "action_create_type": "create smart process or list",
    "action_create_field": "create field",
    "action_create": "create",
    "action_adopt": "adopt",
    "action_update": "update",
    "action_conflict": "edited by a person",
    "empty": "empty",
    "nothing_to_change": "{name}: nothing to change",
    "written": "RUN {run} {name}: written {count}",
    "edit_kept": "  {key}: a person's edit was left ({what})",
    "record_deleted": "record deleted",
    "unanswered": "  unanswered {count}: the next run will find out",
    "put_back": "{name}: records put back {count}; writing is paused",
    "left_as_is": "  {key}: left as it is ({fields})",
    "whole_record": "whole record",
}

TEXTS = {"ru": _RU, "en": _EN}


@dataclass(frozen=True)
class CommandText:
    """The texts of one language: `ru` or `en`."""

    language: str

    def __call__(self, name: str, /, **values: object) -> str:
        """The text of that name with its values filled in."""
        return TEXTS[self.language][name].format(**values)
