"""Refusals, in every shape the documentation shows: problem+json, its variants, and HTML."""

from collections.abc import Mapping
from typing import Any

JSON = "application/problem+json"
HTML = "text/html"
_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    503: "Service Unavailable",
}
_BAN = (
    "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n"
    "<center><h1>403 Forbidden</h1></center>\r\n<hr><center>nginx</center>\r\n"
    "</body>\r\n</html>\r\n"
)


class Problem(Exception):
    """An answer other than success; `body` is text only when it is a page of HTML."""

    def __init__(self, status: int, body: dict[str, Any] | str, error: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.body = body
        self.error = error or str(status)

    @property
    def content_type(self) -> str:
        """What kind of body it is."""
        return HTML if isinstance(self.body, str) else JSON


def problem(status: int, detail: str, **more: Any) -> Problem:
    """The usual shape."""
    return Problem(status, _body(status, detail) | more, detail)


def invalid(errors: Mapping[str, list[tuple[str, str, str]]]) -> Problem:
    """400 of the validator: (code, path, detail) by the item's request_id."""
    found = [
        {
            "request_id": request_id,
            "errors": [
                {"code": code, "path": path, "detail": detail} for code, path, detail in several
            ],
        }
        for request_id, several in errors.items()
    ]
    body = {"validation-errors": found} | _body(400, "Request validation failed")
    return Problem(
        400, body, ",".join(sorted({one[0] for found in errors.values() for one in found}))
    )


def invalid_entities(errors: Mapping[int, str]) -> Problem:
    """400 in its second shape: a text by entity id."""
    body = {"errors": {str(key): text for key, text in errors.items()}}
    return Problem(400, body | _body(400, "Invalid request body"), "Invalid request body")


def banned() -> Problem:
    """The page that the front server answers to a blocked account or address."""
    return Problem(403, _BAN, "banned")


def broken() -> Problem:
    """500 as it is documented."""
    body = {
        "title": "ErrInternalServer",
        "status": 500,
        "detail": "Our team are probably already working on the elimination of the problem",
        "trace_id": "8e9b1e47-1ea4-111f0-a4f9-0031163e1de759",
    }
    return Problem(500, body, "ErrInternalServer")


def revoked_grant() -> Problem:
    """What the token endpoint answers to a code or a refresh token it does not take (any more)."""
    body = {
        "hint": "Token has been revoked",
        "title": "Некорректный запрос",
        "type": "https://developers.amocrm.ru/v3/errors/OAuthProblemJson",
        "status": 401,
        "detail": "В запросе отсутствует ряд параметров или параметры невалидны",
    }
    return Problem(401, body, "Token has been revoked")


def _body(status: int, detail: str) -> dict[str, Any]:
    title = _TITLES.get(status, "Error")
    kind = f"https://httpstatus.es/{status}"
    return {"title": title, "type": kind, "status": status, "detail": detail}
