"""Reads the settings from files and environment and reports all their mistakes at once."""

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from pydantic import ValidationError

from config.document import Document
from config.error import ConfigError, Problem
from config.message import problems_of
from config.override import apply_overrides
from config.search import find_files
from config.settings import Settings, SourceSettings
from config.value import Known, closest


def load_settings(
    path: Path | None = None,
    *,
    source_models: Mapping[str, type[SourceSettings]],
    environ: Mapping[str, str] = os.environ,
    metric_names: Collection[str] | None = None,
    apart_names: Collection[str] = (),
    own_included: bool = False,
    require_secrets: bool = False,
) -> Settings:
    """The settings that `path` or the search path leads to.

    `source_models` are the connectors' models by name. Metrics of destinations are checked
    against `metric_names`, unless the file names metric files of its own and those are not
    `own_included`; `apart_names` are metrics that are no single number. With
    `require_secrets` each secret that is referred to must also be there.
    ConfigError holds every mistake, in the order of the file.
    """
    files = find_files(path, environ)
    document = Document()
    for file in files:
        document.add_file(file)
    if document.problems:
        raise ConfigError(problems=document.problems)
    apply_overrides(document, environ)
    own = not own_included and _has_metrics(document)
    known = Known(
        base=files[0].absolute().parent,
        sources=_sources(document),
        models=source_models,
        metrics=None if own else metric_names,
        apart=apart_names,
    )
    settings, problems = _check(document, known)
    if require_secrets:
        from config.presence import missing_secrets

        problems += missing_secrets(document, known.base, environ)
    if settings is None or problems:
        raise ConfigError(problems=_in_order(problems, files))
    return settings.model_copy(update={"path": files[0].absolute()})


def _sources(document: Document) -> tuple[str, ...]:
    data = document.data
    sources = data.get("sources", data.get(closest("sources", data)))
    return tuple(sources) if isinstance(sources, dict) else ()


def _has_metrics(document: Document) -> bool:
    metrics = document.data.get("metrics")
    return isinstance(metrics, dict) and bool(metrics.get("files"))


def _check(document: Document, known: Known) -> tuple[Settings | None, list[Problem]]:
    document.data.setdefault("merilo", {})
    problems = list(document.problems)
    if "path" in document.data:
        problems.append(document.problem(("path",), "unknown key"))
        del document.data["path"]
    try:
        settings = Settings.model_validate(document.data, context=known)
    except ValidationError as error:
        return None, problems + list(problems_of(error, document, known.models))
    return settings, problems


def _in_order(problems: list[Problem], files: list[Path]) -> list[Problem]:
    names = [str(file) for file in files]

    def place(problem: Problem) -> tuple[int, int, int, str]:
        index = names.index(problem.file) if problem.file in names else len(names)
        return index, problem.line, problem.column, problem.file

    return sorted(problems, key=place)
