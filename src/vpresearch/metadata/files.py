"""The files of ``data/``, as its README tells of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ROW = re.compile(r"^\| `(?P<path>[^`]+)` \| (?P<what>[^|]+) \| (?P<origin>[^|]+) \|$", re.M)
FORMATS = {
    ".cff": "application/yaml",
    ".csv": "text/csv",
    ".fingerprints": "text/plain",
    ".html": "text/html",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".lock": "text/plain",
    ".md": "text/markdown",
    ".npz": "application/zip",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".tex": "application/x-tex",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
}


@dataclass(frozen=True)
class Told:
    """A file of data.

    Attributes
    ----------
    path : str
        Within the folder.
    what, origin : str
        What it is, and where it comes from.
    """

    path: str
    what: str
    origin: str


def told_of(folder: Path) -> list[Told]:
    """Read what the README of a folder tells of its files.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    list of Told
        A line about several files gives one entry a file; one about a folder gives none.

    Examples
    --------
    >>> from vpresearch.project import ROOT
    >>> told_of(ROOT / "data")[0].path
    'dictionary.csv'
    """
    rows = _ROW.finditer((folder / "README.md").read_text(encoding="utf-8"))
    return [
        Told(path.relative_to(folder).as_posix(), _plain(row["what"]), _plain(row["origin"]))
        for row in rows
        if not row["path"].endswith("/")
        for path in sorted(folder.glob(row["path"]))
    ]


def _plain(markdown: str) -> str:
    return re.sub(r"[*`]", "", markdown).strip()


def of_reconstruction(root: Path, output: str) -> bool:
    """Tell whether an exhibit was made from the reconstruction; the audit of the printed numbers needs no data.

    Parameters
    ----------
    root : pathlib.Path
    output : str
        Its files, without the ending.

    Returns
    -------
    bool
        By the first column of its CSV, which names the data.

    Examples
    --------
    >>> from vpresearch.project import ROOT
    >>> of_reconstruction(ROOT, "tables/table3"), of_reconstruction(ROOT, "tables/audit")
    (True, False)
    """
    header = (root / f"{output}.csv").read_text(encoding="utf-8").split("\n", 1)[0]
    return header.split(",")[0] == "data"


def cited(paper: Mapping[str, Any]) -> str:
    """Write where a paper of ``CITATION.cff`` stands in its journal."""
    pages = f"{paper['volume']}({paper['issue']}):{paper['start']}-{paper['end']}"
    return f"{paper['journal']} {paper['year']};{pages}"
