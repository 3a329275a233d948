"""What a file was found to be, for a person and for a machine: the author alone, who asked."""

from __future__ import annotations

import json
from dataclasses import dataclass

from vpresearch.dictionary import columns
from vpresearch.errors import Problem
from vpresearch.labels import text, variable
from vpresearch.load import Dataset, Examined
from vpresearch.telling import line, listed, told


@dataclass(frozen=True)
class Present:
    """How many values of a variable there are.

    Attributes
    ----------
    variable : str
    unit : {"patients", "vertebrae"}
    n : int
        Values that are there.
    total : int
    """

    variable: str
    unit: str
    n: int
    total: int


def presence(dataset: Dataset) -> list[Present]:
    """Count the values of every variable, over the unit that it belongs to.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    list of Present
        Not of the leak's site and size, and of complications: an empty cell there is no missing value.

    Examples
    --------
    >>> from vpresearch.load import load
    >>> from vpresearch.project import RECONSTRUCTION
    >>> presence(load(RECONSTRUCTION))[0]
    Present(variable='sex', unit='patients', n=27, total=27)
    """
    found = []
    for name, column in columns().items():
        unit = "patients" if column.unit_of_observation == "patient" else "vertebrae"
        table = dataset.patients if unit == "patients" else dataset.vertebrae
        if name in table and name not in {"patient_id", "leak_site", "leak_size", "complication"}:
            found.append(Present(name, unit, int(table[name].notna().sum()), len(table)))
    return found


def report(examined: Examined, language: str) -> str:
    """Write what was found for a person.

    Parameters
    ----------
    examined : Examined
    language : {"es", "en"}

    Returns
    -------
    str

    Examples
    --------
    >>> from vpresearch.load import examine
    >>> print(report(examine("nada.csv"), "es"))
    nada.csv: 1 problema
      1. No existe ese archivo. Compruebe la carpeta y el nombre.
    """
    dataset = examined.dataset
    if dataset is None:
        lines = [listed(examined.name, examined.problems, language, examined.values)]
        if examined.values:
            lines.append(text("validation.values_said", language))
    else:
        lines = [text("validation.valid", language, name=examined.name, **_sizes(dataset))]
        if dataset.reconstruction:
            lines.append(text("banner.reconstruction", language))
        lines.append(text("validation.n", language))
        lines += [f"  {_present(one, language)}" for one in presence(dataset)]
    if examined.notes:
        lines.append(text("validation.notes", language))
        lines += [f"  - {line(note, language)}" for note in examined.notes]
    return "\n".join(lines)


def as_json(examined: Examined, language: str) -> str:
    """Write what was found for a machine.

    Parameters
    ----------
    examined : Examined
    language : {"es", "en"}
        Of messages and remedies; keys and codes are the same in all.

    Returns
    -------
    str
        A JSON object with ``file``, ``valid``, ``problems``, ``notes``, ``sizes`` and ``n``.

    Examples
    --------
    >>> from vpresearch.load import examine
    >>> json.loads(as_json(examine("nothing.csv"), "en"))["problems"][0]["code"]
    'no_file'
    """
    dataset = examined.dataset
    content = {
        "file": examined.name,
        "sha256": dataset.sha256 if dataset else None,
        "valid": dataset is not None,
        "problems": [
            _as_dict(problem, language) | {"value": examined.values.get(problem.cell or "")}
            for problem in examined.problems
        ],
        "notes": [_as_dict(note, language) for note in examined.notes],
        "sizes": _sizes(dataset) if dataset else None,
        "n": [vars(one) for one in presence(dataset)] if dataset else None,
    }
    # Letters as escapes: a machine reads them under any encoding, and none of them steers a terminal.
    return json.dumps(content, indent=2)


def _as_dict(problem: Problem, language: str) -> dict[str, object]:
    said = told(problem, language)
    names = ("code", "message", "remedy", "sheet", "row", "column", "cell")
    return {name: getattr(said, name) for name in names}


def _sizes(dataset: Dataset) -> dict[str, int]:
    leaks = int(dataset.vertebrae["leak"].eq("yes").sum())
    return {"patients": len(dataset.patients), "vertebrae": len(dataset.vertebrae), "leaks": leaks}


def _present(one: Present, language: str) -> str:
    lost = one.total - one.n
    words = {"n": one.n, "total": one.total, "lost": lost, "label": variable(one.variable, language)}
    units = text(f"word.{one.unit}", language)
    key = "n_lost_one" if lost == 1 else "n_lost" if lost else "n_line"
    return text(f"validation.{key}", language, units=units, **words)
