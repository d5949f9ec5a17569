"""The words of `merilo login`, and of the page that the browser shows afterwards."""

_TEXT = {
    "ru": {
        "open": "1. Откройте в браузере (под администратором) и разрешите доступ:",
        "listening": "2. Ответ придёт сюда сам; если браузер на другой машине,",
        "paste_here": "   вставьте сюда адрес, на который он перешёл, и нажмите Enter.",
        "paste": "2. Сразу (код живёт недолго) вставьте сюда адрес, на который перешёл браузер,"
        " или код из него, и нажмите Enter:",
        "done": "Вход выполнен: {who}. Дальше: merilo check",
        "page": "Готово: можно вернуться в терминал и закрыть эту страницу.",
    },
    "en": {
        "open": "1. Open in a browser (as an administrator) and agree:",
        "listening": "2. The answer comes here by itself; if the browser is on another machine,",
        "paste_here": "   paste the address it went to here and press Enter.",
        "paste": "2. At once (the code does not live long) paste the address the browser went to,"
        " or the code in it, and press Enter:",
        "done": "Logged in: {who}. Next: merilo check",
        "page": "Done: go back to the terminal, this page may be closed.",
    },
}


def login_text(language: str, name: str) -> str:
    """A phrase in the language of the settings."""
    return _TEXT[language][name]
