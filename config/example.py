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
    "uis": """
[sources.{name}]
connector = "uis"
# UIS; у CoMagic dataapi.comagic.ru, у CallGear dataapi.callgear.com, у Novofon 2.0
# dataapi-jsonrpc.novofon.ru
url       = "https://dataapi.uiscom.ru"
# Личный кабинет - Аккаунт - Управление пользователями - ключ доступа к API. Сохраните его командой:
#   merilo secrets set {name}-key
# Адрес этой машины нужно внести в белый список: Администратор - Аккаунт - Правила и настройки
# безопасности - API.
token     = "secret:{name}-key"
poll      = "2m"               # один опрос стоит трёх баллов из дневного лимита аккаунта
# imported = "skip"            # звонки, загруженные из другой АТС: skip | read
# since   = "2026-01-01"       # с какого дня читать; без ключа - 400 дней назад
# credit  = "each_leg"         # чей звонок: each_leg | last_talked | first_talked | longest
""",
    "mango": """
[sources.{name}]
connector = "mango"
# Личный кабинет Mango Office - Интеграции - API коннектор. Сохраните ключи командами:
#   merilo secrets set {name}-key
#   merilo secrets set {name}-salt
api_key   = "secret:{name}-key"   # уникальный код АТС
api_salt  = "secret:{name}-salt"  # ключ для создания подписи
poll      = "60s"              # как часто спрашивать о новых звонках
# since   = "2026-01-01"       # с какого дня читать; без ключа - 400 дней назад
# credit  = "each_leg"         # чей звонок: each_leg | last_talked | first_talked | longest
# report_zone = "Europe/Moscow"  # часовой пояс АТС
""",
    "itoolabs": """
[sources.{name}]
connector = "itoolabs"
# МегаФон, Kcell, Дом.ру, МГТС, Moldcell: адрес вашей ВАТС
url       = "https://example.megapbx.ru"
# Кабинет ВАТС - Настройки - Интеграция с CRM - ключ для запросов к ВАТС. Сохраните его командой:
#   merilo secrets set {name}-key
token     = "secret:{name}-key"
poll      = "60s"              # как часто спрашивать о новых звонках
# since   = "2026-01-01"       # с какого дня читать; без ключа - 400 дней назад
# credit  = "each_leg"         # чей звонок: each_leg | last_talked | first_talked | longest
""",
    "zadarma": """
[sources.{name}]
connector = "zadarma"
url       = "https://api.zadarma.com"         # или https://api.novofon.com (первая версия API)
# Личный кабинет - Настройки - Интеграции и API - Ключи и API. Сохраните оба ключа командами:
#   merilo secrets set {name}-key
#   merilo secrets set {name}-secret
key       = "secret:{name}-key"
secret    = "secret:{name}-secret"
timezone  = "Europe/Moscow"    # часовой пояс, выбранный в кабинете
poll      = "60s"              # как часто спрашивать о новых звонках
# Имён и почты сотрудников у Zadarma нет: людей находит внутренний номер из CRM или [[managers]].
# since   = "2026-01-01"       # с какого дня читать; без ключа - 400 дней назад
# credit  = "each_leg"         # чей звонок: each_leg | last_talked | first_talked | longest
""",
    "cdr": """
[sources.{name}]
connector = "cdr"
profile   = "asterisk"         # asterisk (и FreePBX) | mikopbx | sipuni | rostelecom | kamailio
# База АТС; ей нужен пользователь, которому можно только читать таблицы. Сохраните её адрес,
# например mysql+pymysql://merilo:ПАРОЛЬ@192.0.2.10/asteriskcdrdb, командой:
#   merilo secrets set {name}-database
database  = "secret:{name}-database"
# file    = "/var/log/asterisk/cdr-csv/Master.csv"   # вместо базы: файл CSV или SQLite
# queue_log = "/var/log/asterisk/queue_log"          # точное время разговора в очередях
# trunks  = ["PJSIP/trunk"]    # с чего начинаются внешние каналы
extensions = '\\d{{2,5}}'      # внутренние номера сотрудников, регулярное выражение
# mobiles = {{ "79161234567" = "101" }}              # мобильные, на которые переадресуют звонки
poll      = "60s"              # как часто спрашивать о новых звонках
# since   = "2026-01-01"       # с какого дня читать; без ключа - 400 дней назад
# credit  = "each_leg"         # чей звонок: each_leg | last_talked | first_talked | longest
""",
    "imap": """
[sources.{name}]
connector = "imap"
url       = "imaps://imap.example.ru:993"     # почтовый сервер
poll      = "3m"               # как часто спрашивать о новых письмах
# domains = ["example.ru"]     # домены компании; без ключа - домены этих ящиков
# since   = "2026-01-01"       # с какого дня читать; без ключа - 400 дней назад

# По таблице на ящик. Нужен пароль приложения (обычный пароль почти везде не подходит), и в
# настройках ящика должен быть включён IMAP. Сохраните пароль командой:
#   merilo secrets set {name}-anna
[sources.{name}.mailboxes."anna@example.ru"]
password  = "secret:{name}-anna"
# aliases = ["a.petrova@example.ru"]          # другие адреса этого же человека
# shared  = true               # общий ящик, как info@: его письма - команды
""",
}

_SECRETS = {
    "bitrix24": (("webhook", "вебхук"),),
    "amocrm": (("token", "токен"),),
    "uis": (("key", "ключ доступа к API"),),
    "mango": (("key", "уникальный код АТС"), ("salt", "ключ для подписи")),
    "itoolabs": (("key", "ключ для запросов к ВАТС"),),
    "zadarma": (("key", "ключ API"), ("secret", "секрет ключа API")),
    "cdr": (("database", "адрес базы АТС"),),
    "imap": (("anna", "пароль приложения к ящику"),),
}
"""How the secrets of a source are called: behind its name, and in words."""

_CRMS = ("bitrix24", "amocrm")
"""Where numbers can be written to."""

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
"""

_DESTINATION = """
# Куда писать показатели. Поля в CRM создаёт только команда: merilo writeback apply
[[destinations]]
source  = "{name}"
kind    = "scorecard"
metrics = ["calls_out", "calls_120s", "talk_time", "deals_won", "revenue", "win_rate"]
today   = ["calls_120s"]       # ещё и значение за сегодня
months  = 2                    # этот месяц и прошлый
every   = "10m"
"""

_WEB = """
[web]
listen = "127.0.0.1:8600"      # для другого адреса нужен token
# token = "secret:web-token"
"""


def example_secrets(connectors: Sequence[str] = ()) -> list[tuple[str, str]]:
    """The secrets that the text of `example_settings` names, and what each of them is."""
    chosen = list(dict.fromkeys(connectors)) or ["bitrix24"]
    names = ["main", *chosen[1:]]
    pairs = zip(names, chosen, strict=True)
    return [(f"{name}-{end}", word) for name, kind in pairs for end, word in _SECRETS[kind]]


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
    pairs = list(zip(names, chosen, strict=True))
    sources = (_SOURCES[kind].format(name=name) for name, kind in pairs)
    crms = [_DESTINATION.format(name=name) for name, kind in pairs if kind in _CRMS]
    return "".join((_HEAD, *sources, _TAIL.format(name="main"), *crms[:1], _WEB))
