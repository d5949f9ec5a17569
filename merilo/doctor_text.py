"""The words of `merilo doctor`: for each problem what it is and what to do."""

from collections.abc import Mapping

_RU = {
    "weak_master_key": (
        "Ключ хранилища секретов лежит рядом с ним ({folder}): копия папки раскрывает секреты.",
        "Задайте [secrets] master_key: systemd credential, env:ИМЯ или file:ПУТЬ вне этой папки.",
    ),
    "no_sources": (
        "В настройках {file} нет ни одного источника.",
        "Выполните merilo init bitrix24 и заполните [sources.main].",
    ),
    "no_login": (
        "{source}: вход по OAuth ещё не выполнен (или хранилище секретов не читается).",
        "Выполните: merilo login {source}",
    ),
    "login_ends": (
        "{source}: без обращений вход действует до {day}.",
        "Запустите службу или выполните merilo sync {source}: вход продлится сам.",
    ),
    "little_space": (
        "На диске с {folder} осталось {free} МБ.",
        "Освободите место: при нехватке запись останавливается, прочитанное не пропадает.",
    ),
    "failing": (
        "{name}: последняя попытка не удалась. {error}",
        "Устраните причину; merilo check покажет, что исправлено.",
    ),
    "never_read": (
        "{name}: ещё ни разу не прочитан.",
        "Запустите службу (merilo run) или выполните merilo sync {source}.",
    ),
    "not_running": (
        "Служба не запущена.",
        "Запустите её: merilo run (или systemctl start merilo).",
    ),
    "stale": (
        "{name}: данные устарели на {minutes} мин.",
        "Посмотрите журнал службы и merilo check; прочитайте: merilo sync {source}.",
    ),
    "quarantine": (
        "{name}: записей в карантине — {count}. В показатели они не входят.",
        "Посмотрите причины: merilo quarantine list; прочитайте снова: merilo quarantine replay.",
    ),
    "paused": (
        "Запись в {name} приостановлена: {reason}",
        "Посмотрите план: merilo writeback plan; примените его: merilo writeback apply.",
    ),
    "rejected": (
        "{name}: CRM отказала в записи — записей: {count}.",
        "Причины — в журнале; проверьте права и поля: merilo check.",
    ),
    "held": (
        "{name}: люди изменили наши поля — записей: {count}; мы их не трогаем.",
        "Решите в [[destinations]] on_human_edit: ours или theirs.",
    ),
    "strangers": (
        "{source}: работа неизвестных людей ({count}): {refs}. Она есть только в строке команды.",
        "Добавьте в настройки [[managers]] с name и {line} или оставьте так, если это роботы.",
    ),
    "twins": (
        "Несколько менеджеров зовутся «{name}».",
        "Если это один человек, перечислите его id в [[managers]] aliases.",
    ),
    "no_rate": (
        "Нет курса {currency}: сделок без пересчёта — {count}; выручка с ними неполная.",
        "Задайте курс валюты в CRM: он будет прочитан при следующем опросе.",
    ),
}

_EN = {
    "weak_master_key": (
        "The key of the vault lies beside it ({folder}): a copy of the folder tells the secrets.",
        "Set [secrets] master_key: a systemd credential, env:NAME or file:PATH elsewhere.",
    ),
    "no_sources": (
        "The settings {file} name no source.",
        "Run merilo init bitrix24 and fill in [sources.main].",
    ),
    "no_login": (
        "{source}: nobody has logged in by OAuth yet (or the secrets cannot be read).",
        "Run: merilo login {source}",
    ),
    "login_ends": (
        "{source}: the login holds until {day} if nothing is asked.",
        "Start the service or run merilo sync {source}: that renews it.",
    ),
    "little_space": (
        "{free} MB are left on the disk of {folder}.",
        "Free some: without space nothing more is kept, what was read stays.",
    ),
    "failing": (
        "{name}: the last attempt failed. {error}",
        "Remove the cause; merilo check shows what is well again.",
    ),
    "never_read": (
        "{name}: never read yet.",
        "Start the service (merilo run) or run merilo sync {source}.",
    ),
    "not_running": ("The service does not run.", "Start it: merilo run (systemctl start merilo)."),
    "stale": (
        "{name}: the data are {minutes} minutes old.",
        "See the service's log; check the access: merilo check; read: merilo sync {source}.",
    ),
    "quarantine": (
        "{name}: {count} records are set aside. They are not in the KPIs.",
        "See why: merilo quarantine list; read them again: merilo quarantine replay.",
    ),
    "paused": (
        "Writing to {name} is paused: {reason}",
        "See the plan: merilo writeback plan; apply it: merilo writeback apply.",
    ),
    "rejected": (
        "{name}: the CRM refused {count} records.",
        "The log tells why; check rights and fields: merilo check.",
    ),
    "held": (
        "{name}: people changed our fields in {count} records; we leave them alone.",
        "Decide in [[destinations]] on_human_edit: ours or theirs.",
    ),
    "strangers": (
        "{source}: work of {count} unknown people: {refs}. It is in the team's line only.",
        "Add [[managers]] with name and {line} to the settings, or leave it if they are robots.",
    ),
    "twins": (
        "Several managers are called “{name}”.",
        "If they are one person, list the ids in [[managers]] aliases.",
    ),
    "no_rate": (
        "No rate of {currency}: {count} deals are not converted; revenue with them is partial.",
        "Set the rate in the CRM: it is read with the next poll.",
    ),
}


def tell(language: str, code: str, values: Mapping[str, object]) -> dict[str, str]:
    """`what` and `todo` of the problem."""
    what, todo = (_EN if language == "en" else _RU)[code]
    return {"what": what.format(**values), "todo": todo.format(**values)}
