"""Numbers and notes of the exhibits of a report: the paper's keep theirs, the others are counted from S1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vpresearch import labels
from vpresearch.figures import Figure
from vpresearch.load import Dataset
from vpresearch.tables import Table
from vpresearch.tables.leak_words import one_of_many

_OF_THE_PAPER = ("table1", "table2", "table3", "table4", "figure1", "figure2")
# Exhibits that tell of the slope of leak on fill, which a reconstruction leaves open.
_OF_SLOPE = {
    *(f"table.{name}" for name in ("models", "leak_risk", "dose", "precision", "validation", "specification")),
    *(f"figure.{name}" for name in ("leak_models", "risk_curve", "calibration", "specification", "spline")),
    "table.assumptions",
}


def captions(
    shown: Sequence[str], tables: Mapping[str, Table], figures: Mapping[str, Figure], language: str
) -> dict[str, str]:
    """Give every exhibit its number, in the order in which a report shows them.

    Parameters
    ----------
    shown : sequence of str
        ``table.NAME`` or ``figure.NAME``.
    tables : dict of str to Table
    figures : dict of str to Figure
    language : {"es", "en"}

    Returns
    -------
    dict of str to str
        Also those that are not shown, numbered after the others.
    """
    every = {f"table.{name}": table.caption for name, table in tables.items()}
    every |= {f"figure.{name}": figure.caption for name, figure in figures.items()}
    counts = {"table": 0, "figure": 0}
    named = {}
    for name in dict.fromkeys([*(name for name in shown if name in every), *every]):
        kind, own = name.split(".")
        if own in _OF_THE_PAPER:
            named[name] = every[name]
            continue
        counts[kind] += 1
        caption = " ".join(every[name].split())
        named[name] = f"{labels.text(f'report.{kind}', language)} S{counts[kind]}. {caption}"
    return named


def notes(
    tables: Mapping[str, Table], figures: Mapping[str, Figure], dataset: Dataset, language: str
) -> dict[str, tuple[str, ...]]:
    """Give the notes of every exhibit; beside every slope of a reconstruction, what the paper leaves open.

    Parameters
    ----------
    tables : dict of str to Table
    figures : dict of str to Figure
    dataset : Dataset
    language : {"es", "en"}

    Returns
    -------
    dict of str to tuple of str
    """
    own: dict[str, tuple[str, ...]] = {f"table.{name}": table.notes for name, table in tables.items()}
    own |= {f"figure.{name}": () for name in figures}
    said = one_of_many(dataset, language)
    return {
        name: given + tuple(note for note in said if note not in given) if name in _OF_SLOPE else given
        for name, given in own.items()
    }


def beside(key: str, identified: tuple[float, float], language: str) -> str:
    """Say what the published statistics leave open of the slope.

    Parameters
    ----------
    key : str
        Of the words.
    identified : pair of float
    language : {"es", "en"}

    Returns
    -------
    str

    Examples
    --------
    >>> "−0.004 to 0.134" in beside("report.beside", (-0.0043, 0.1336), "en")
    True
    """
    least, most = (labels.number(end, 3, language) for end in identified)
    return labels.text(key, language, least=least, most=most)
