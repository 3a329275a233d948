"""The studies that can be looked at: members of the ensemble, and a visitor's own; and the paper's numbers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path

from vpresearch.implied import shipped
from vpresearch.load import Dataset, Examined, examine, load
from vpresearch.project import PUBLISHED, RECONSTRUCTION
from vpresearch.published import Paper, read_paper
from vpresearch.tables.leak_words import one_of_many


@cache
def paper() -> Paper:
    """Read the paper's printed numbers."""
    return read_paper(PUBLISHED)


@cache
def one_of_many_note(language: str) -> str:
    """Say how far slope and interval reach in the other reconstructions: it stands beside those of any one."""
    return " ".join(one_of_many(load(RECONSTRUCTION), language))


@lru_cache(maxsize=8)
def member(source: str, number: int) -> Dataset:
    """Give one dataset of the shipped ensembles.

    Parameters
    ----------
    source : {"drawn", "extreme"}
    number : int
        From 1.

    Returns
    -------
    Dataset

    Examples
    --------
    >>> study = member("drawn", 17)
    >>> len(study.vertebrae), int(study.vertebrae["leak"].eq("yes").sum()), study.reconstruction
    (41, 15, True)
    """
    # Not believed because it is ours: it is loaded like anybody's data.
    content = shipped()[source].table(number - 1).to_csv(index=False).encode()
    study = uploaded(f"{source}-{number}.csv", content, drop_identifiers=False).dataset
    assert study is not None
    return study


def uploaded(name: str, content: bytes, *, drop_identifiers: bool) -> Examined:
    """Examine a file that a visitor gives; it is gone from the disk before this returns.

    Parameters
    ----------
    name : str
        As the visitor calls it.
    content : bytes
    drop_identifiers : bool

    Returns
    -------
    Examined

    Examples
    --------
    >>> [problem.code for problem in uploaded("study.csv", b"", drop_identifiers=False).problems]
    ['empty_file']
    """
    with tempfile.TemporaryDirectory(prefix="vpresearch-") as folder:
        # A name of our own: the visitor's may be a path, or too long for this disk.
        path = Path(folder) / f"study{Path(name).suffix.lower()}"
        path.write_bytes(content)
        examined = examine(path, drop_identifiers=drop_identifiers)
    shown = Path(name).name
    study = examined.dataset
    return replace(examined, name=shown, dataset=study and replace(study, name=shown))


def moved(study: Dataset, at: int, volume_cc: float, cement_cc: float, leak: str) -> Dataset:
    """Give the study as it would be with one vertebra otherwise.

    Parameters
    ----------
    study : Dataset
    at : int
        Row, from 0.
    volume_cc, cement_cc : float
    leak : {"no", "yes"}

    Returns
    -------
    Dataset
        Made up by whoever moved it, and so judged as a reconstruction is.

    Examples
    --------
    >>> other = moved(member("drawn", 1), 0, 20.0, 5.0, "yes")
    >>> float(other.vertebrae.loc[0, "fill_percent"]), other.reconstruction
    (25.0, True)
    """
    vertebrae = study.vertebrae.copy()
    values: dict[str, str | float] = {"vertebral_volume_cc": volume_cc, "cement_volume_cc": cement_cc, "leak": leak}
    for name, value in (values | {"fill_percent": 100 * cement_cc / volume_cc}).items():
        vertebrae.loc[at, name] = value
    return replace(study, vertebrae=vertebrae, reconstruction=True)


def present(study: Dataset, names: Iterable[str]) -> list[str]:
    """Give those columns of which a study has any value."""
    rows = study.rows
    return [name for name in names if name in rows and rows[name].notna().any()]
