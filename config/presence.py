"""Whether every secret that the settings refer to is there."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config.document import Document
from config.error import Problem, SecretError
from config.locate import Path as KeyPath
from config.secret import SecretStore, open_secrets
from config.secret_ref import SecretRef
from config.settings import MeriloSection, SecretsSection
from config.value import Known


def missing_secrets(document: Document, base: Path, environ: Mapping[str, str]) -> list[Problem]:
    """A problem at the place of each reference that leads to no value.

    Works on settings that have other mistakes too; when [secrets] itself is one, it says nothing.
    """
    try:
        store = _open(document.data, base, environ)
    except ValidationError:
        return []
    except SecretError as error:
        return [document.problem(("secrets", "backend"), str(error))]
    found = []
    for path, ref in _references(document.data, base):
        try:
            store.get(ref)
        except SecretError as error:
            found.append(document.problem(path, str(error)))
    return found


def _open(data: Mapping[str, Any], base: Path, environ: Mapping[str, str]) -> SecretStore:
    known = Known(base=base)
    table = data["merilo"] if isinstance(data["merilo"], dict) else {}
    directory = {key: value for key, value in table.items() if key == "data_dir"}
    merilo = MeriloSection.model_validate(directory, context=known)
    section = SecretsSection.model_validate(data.get("secrets", {}), context=known)
    return open_secrets(section, merilo.data_dir, environ)


def _references(data: Mapping[str, Any], base: Path) -> Iterator[tuple[KeyPath, SecretRef]]:
    for section in ("sources", "web"):
        for path, text in _texts(data.get(section), (section,)):
            try:
                yield path, SecretRef.parse(text, base)
            except ValueError:
                continue


def _texts(node: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(node, str):
        yield path, node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield from _texts(value, (*path, key))
