"""Finds the function that a declaration names in `python`."""

import sys
from collections.abc import Callable
from hashlib import sha256
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any


def find_function(named: str, folder: Path) -> Callable[[Any], Any]:
    """The function `MODULE:NAME`, or `FILE.py:NAME` relative to `folder`.

    The module is run. ValueError says what is wrong with it, whatever it raised.
    """
    where, _, name = named.rpartition(":")
    if not where or not name.isidentifier():
        raise ValueError("must name a function: MODULE:NAME or FILE.py:NAME")
    try:
        module = _from_file(folder / where) if where.endswith(".py") else import_module(where)
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise ValueError(f"{where} cannot be loaded: {what}") from error
    found = getattr(module, name, None)
    if not callable(found):
        raise ValueError(f"{where} has no function {name}")
    return found  # type: ignore[no-any-return]


def _from_file(path: Path) -> ModuleType:
    # A name of its own: files of two folders may be called alike.
    name = f"merilo_rows_{sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("is no Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
