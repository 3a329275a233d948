"""What the outputs were made from: digests of content, never dates, names or folders."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from vpresearch.compendium import Notebook
from vpresearch.project import COMPENDIUM, LOCK, NOTEBOOKS, ROOT
from vpresearch.telling import refused

_PACKAGE = Path(__file__).parent
# Patients' rows may lie there; a run's own data count by themselves.
_RAW = ROOT / "data" / "raw"
_SHIPPED = (".csv", ".fingerprints", ".npz", ".yaml")


def notebook_digest(path: Path) -> str:
    """Give the digest of a notebook's cells; what they once gave, and the editor's marks, are no part of it.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    str

    Raises
    ------
    InputError
        If it is no notebook.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        cells = [
            [cell["cell_type"], "".join(cell["source"]), cell.get("metadata", {}).get("tags", [])]
            for cell in content["cells"]
        ]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise refused(path.name, "broken_notebook") from None
    return _digest([json.dumps(cells).encode()])


@cache
def source_digest() -> str:
    """Give the digest of the package and of the tables that it ships.

    Returns
    -------
    str
        The same whatever the line endings; computed once, since a run goes on with the code that it began with.
    """
    return _digest(part for path in sorted(_sources()) for part in (path.name.encode(), _lines(path)))


def code_digest() -> str:
    """Give the digest of what a result hangs on beside its arguments: the package, its tables, the lock, the machine.

    Returns
    -------
    str
    """
    machine = f"{sys.version} {platform.platform()}"
    return _digest([source_digest().encode(), _lines(LOCK), machine.encode()])


def inputs(data: str, language: str, parameters: Mapping[str, object]) -> dict[str, str]:
    """Give the digests of all that a whole run hangs on, but for the notebooks.

    Parameters
    ----------
    data : str
        SHA-256 of the study's file.
    language : {"es", "en"}
    parameters : dict of str to object
        The others.

    Returns
    -------
    dict of str to str
        By kind of input.

    Examples
    --------
    >>> sorted(inputs("a1b2", "es", {"seed": 1}))
    ['data', 'language', 'lock', 'parameters', 'source']
    """
    return {
        "parameters": _digest([json.dumps(dict(parameters), sort_keys=True).encode()]),
        "language": language,
        "data": data,
        "source": source_digest(),
        "lock": _digest([_lines(LOCK)]),
    }


def inputs_of(
    notebooks: Sequence[Notebook], sha256: str, chosen: Mapping[str, object], folder: Path = NOTEBOOKS
) -> dict[str, dict[str, str]]:
    """Give the digests of all that each notebook's outputs are made from.

    Parameters
    ----------
    notebooks : sequence of Notebook
    sha256 : str
        Of the study's file.
    chosen : dict of str to object
        The parameters, the language among them.
    folder : pathlib.Path, optional
        Of the notebooks.

    Returns
    -------
    dict of str to dict
        By file of the notebook.
    """
    parameters = {name: value for name, value in chosen.items() if name != "language"}
    common = inputs(sha256, str(chosen["language"]), parameters)
    return {each.file: common | {"notebook": notebook_digest(folder / each.file)} for each in notebooks}


def changed(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Name the inputs that differ.

    Parameters
    ----------
    old, new : dict of str to str
        Digests by kind of input.

    Returns
    -------
    list of str

    Examples
    --------
    >>> changed({"data": "a1", "lock": "b2"}, {"data": "a1", "lock": "c3"})
    ['lock']
    """
    return [name for name in new if old.get(name) != new[name]]


def _sources() -> Iterator[Path]:
    yield COMPENDIUM
    for path in _PACKAGE.rglob("*"):
        # Hidden files are an editor's or the system's.
        hidden = any(part.startswith((".", "__pycache__")) for part in path.relative_to(_PACKAGE).parts)
        if path.is_file() and not hidden:
            yield path
    for path in (ROOT / "data").rglob("*"):
        if path.suffix in _SHIPPED and not path.is_relative_to(_RAW):
            yield path


def _lines(path: Path) -> bytes:
    content = path.read_bytes()
    return content if path.suffix == ".npz" else content.replace(b"\r\n", b"\n")


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        # The length keeps two parts from passing for another two.
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
