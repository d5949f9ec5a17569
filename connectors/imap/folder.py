"""Which folders of a mailbox are read, and which of them holds what was sent."""

import base64
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from connectors.imap.settings import MailboxSettings

_LINE = re.compile(rb'\s*\(([^)]*)\)\s+(?:NIL|"(?:\\.|[^"])*")\s+(?:\{\d+\}\s*)?(.+)', re.DOTALL)
_ENCODED = re.compile(r"&([^-]*)-")
_LEFT_OUT = {"\\all", "\\drafts", "\\flagged", "\\important", "\\junk", "\\trash", "\\noselect",
             "\\nonexistent"}  # fmt: skip
_SENT = ("sent", "sent items", "sent messages", "sent mail", "отправленные", "исходящие",
         "отправленные письма", "отправленные элементы")  # fmt: skip
_NOT_READ = ("drafts", "draft", "черновики", "trash", "deleted items", "deleted messages", "bin",
             "корзина", "удаленные", "удалённые", "spam", "junk", "junk e-mail", "спам",
             "outbox", "templates", "шаблоны")  # fmt: skip
"""Names in small letters, for servers that tell no special use (RFC 6154)."""


class Folder(NamedTuple):
    """A folder: how the server spells it, how people do, and its attributes in small letters."""

    name: str
    shown: str
    uses: frozenset[str]

    @property
    def leaf(self) -> str:
        """The last part of the name, in small letters."""
        return re.split(r"[/.|]", self.shown)[-1].strip().casefold()


def read_folders(lines: Iterable[bytes]) -> list[Folder]:
    """The folders of a LIST answer, as they came."""
    found = []
    for line in lines:
        if match := _LINE.fullmatch(line):
            name = _unquoted(match[2].decode("utf-8", "replace"))
            uses = frozenset(match[1].decode("ascii", "replace").casefold().split())
            found.append(Folder(name, shown_name(name), uses))
    return found


def sent_folder(folders: Sequence[Folder], settings: MailboxSettings) -> Folder | None:
    """Where sent mail is kept: by the settings, else by \\Sent, else by a known name."""
    if settings.sent:
        return next((each for each in folders if _is_called(each, settings.sent)), None)
    marked = (each for each in folders if "\\sent" in each.uses)
    named = (each for each in folders if each.leaf in _SENT)
    return next(marked, None) or next(named, None)


def folders_to_read(folders: Sequence[Folder], settings: MailboxSettings) -> list[Folder]:
    """Those that the settings name and that of sent mail, else all that may hold letters."""
    there = [each for each in folders if not each.uses & {"\\noselect", "\\nonexistent"}]
    sent = sent_folder(there, settings)
    if settings.folders:
        names = settings.folders
        named = [each for each in there if any(_is_called(each, name) for name in names)]
        return [*named, *([sent] if sent and sent not in named else [])]
    return [each for each in there if each is sent or _holds_letters(each)]


def missing_folders(folders: Sequence[Folder], settings: MailboxSettings) -> list[str]:
    """Folders that the settings name and the server does not have."""
    names = (*settings.folders, *([settings.sent] if settings.sent else []))
    return [name for name in names if not any(_is_called(each, name) for each in folders)]


def shown_name(name: str) -> str:
    """A folder's name as people read it, from modified UTF-7 (RFC 3501, 5.1.3)."""
    try:
        return _ENCODED.sub(lambda match: _decoded(match[1]), name)
    except ValueError:
        return name


def _decoded(part: str) -> str:
    if not part:
        return "&"
    raw = part.replace(",", "/")
    return base64.b64decode(raw + "=" * (-len(raw) % 4)).decode("utf-16-be")


def _is_called(folder: Folder, name: str) -> bool:
    return name.casefold() in (folder.name.casefold(), folder.shown.casefold())


def _holds_letters(folder: Folder) -> bool:
    if folder.uses & _LEFT_OUT:
        return False
    return folder.name.upper() == "INBOX" or folder.leaf not in _NOT_READ


def _unquoted(name: str) -> str:
    if len(name) > 1 and name[0] == name[-1] == '"':
        return re.sub(r"\\(.)", r"\1", name[1:-1])
    return name
