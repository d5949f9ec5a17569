"""The settings file that `merilo init` writes, with comments for the person who edits it."""

from collections.abc import Sequence

from config.error import ConfigError

_HEAD = """\
# Настройки merilo. Проверить файл: merilo check. Все ключи: merilo schema.
# Длительности пишутся в кавычках: "60s", "10m", "24h", "7d".

[merilo]
data_dir = "./data"            # база, хранилище секретов, блокировки; путь от этого файла
timezone = "Europe/Moscow"     # когда начинается и кончается рабочий день
currency = "RUB"               # валюта всех показанных сумм
language = "ru"                # ru | en

[store]
url = "sqlite"                 # файл в data_dir; или postgresql+psycopg://...

[secrets]
backend    = "auto"            # auto | os | vault | env | file
master_key = "generated"       # ключ лежит в data_dir; на сервере надёжнее "credential" (systemd)
"""

_SOURCES = {
    "bitrix24": """
[sources.{name}]
connector = "bitrix24"
url       = "https://example.bitrix24.ru"     # адрес вашего портала, без /rest/...
auth      = "webhook"
# Входящий вебхук: Битрикс24 - Разработчикам - Другое - Входящий вебхук; права crm, telephony, user.
# Сам код сюда не пишут. Сохраните "<номер пользователя>/<код>" командой:
#   merilo secrets set {name}-webhook
webhook   = "secret:{name}-webhook"
# Или локальное приложение (только API) вместо вебхука; потом: merilo login {name}
# auth          = "oauth"
# client_id     = "local.5f0c8e1d2a3b47.12345678"
# client_secret = "secret:{name}-client-secret"
poll      = "60s"              # как часто спрашивать об изменениях
sweep     = "24h"              # как часто сверять всё целиком
# since   = "2026-01-01"       # с какого дня читать; без ключа - 400 дней назад
""",
    "amocrm": """
[sources.{name}]
connector = "amocrm"
url       = "https://example.amocrm.ru"       # адрес вашего аккаунта, или https://....kommo.com
auth      = "token"
# Долгосрочный токен частной интеграции, созданной администратором (внешняя не видит сотрудников):
# amoМаркет - Создать интеграцию - Ключи и доступы. Сохраните его командой:
#   merilo secrets set {name}-token
token     = "secret:{name}-token"
poll      = "60s"              # как часто спрашивать об изменениях
sweep     = "24h"              # как часто сверять всё целиком
# since   = "2026-01-01"       # с какого дня читать; без ключа - 400 дней назад
# currency = "RUB"             # валюта сделок, если аккаунт её не сообщает
""",
}

_SECRETS = {"bitrix24": ("webhook", "вебхук"), "amocrm": ("token", "токен")}
"""How the secret of a source is called: behind its name, and in words."""

_TAIL = """
# Людей находит почта, потом внутренний номер. Здесь - только поправки.
# [[managers]]
# name    = "Анна Петрова"
# aliases = {{ {name} = "7" }}   # номер сотрудника в источнике
# from    = "2026-01-01"       # необязательно; также to
# ignore  = true               # не показывать человека, работу оставить команде

[calendar]
country = "RU"                 # RU | KZ | BY
hours   = "09:00-18:00"
# days_off  = ["2026-12-31"]
# work_days = []

# Куда писать показатели. Поля в CRM создаёт только команда: merilo writeback apply
[[destinations]]
source  = "{name}"
kind    = "scorecard"
metrics = ["calls_out", "calls_120s", "talk_time", "deals_won", "revenue", "win_rate"]
today   = ["calls_120s"]       # ещё и значение за сегодня
months  = 2                    # этот месяц и прошлый
every   = "10m"

[web]
listen = "127.0.0.1:8600"      # для другого адреса нужен token
# token = "secret:web-token"
"""


def example_secrets(connectors: Sequence[str] = ()) -> list[tuple[str, str]]:
    """The secrets that the text of `example_settings` names, and what each of them is."""
    chosen = list(dict.fromkeys(connectors)) or ["bitrix24"]
    names = ["main", *chosen[1:]]
    kinds = (_SECRETS[kind] for kind in chosen)
    return [(f"{name}-{end}", word) for name, (end, word) in zip(names, kinds, strict=True)]


def example_settings(connectors: Sequence[str] = ()) -> str:
    """The text of a `merilo.toml` that reads `connectors` (none named: Bitrix24).

    The first source is called `main`, the others by their connector. ConfigError when a
    connector is unknown.
    """
    chosen = list(dict.fromkeys(connectors)) or ["bitrix24"]
    for connector in chosen:
        if connector not in _SOURCES:
            raise ConfigError(
                f'Unknown connector "{connector}", available: {", ".join(_SOURCES)}.',
                did="No file was written.",
            )
    names = ["main", *chosen[1:]]
    sources = (_SOURCES[kind].format(name=name) for name, kind in zip(names, chosen, strict=True))
    return "".join((_HEAD, *sources, _TAIL.format(name="main")))
