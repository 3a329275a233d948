"""What a file was found to be, for a person and for a machine: the author alone, who asked."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from vpresearch.core.dictionary import Column, columns
from vpresearch.core.errors import LANGUAGES, Problem, exact, line, listed, tell, told
from vpresearch.data import Dataset, Examined
from vpresearch.reading import is_code
from vpresearch.render.labels import counted, text, variable

_OF_LEAKS = ("leak_site", "leak_size")
# So many different values say where the others lie.
_FEWEST_DISTINCT = 2


@dataclass(frozen=True)
class Present:
    """How many values of a variable there are, and how far they reach."""

    variable: str
    unit: str
    n: int
    total: int
    minimum: float | None = None
    median: float | None = None
    maximum: float | None = None


def presence(dataset: Dataset) -> list[Present]:
    """Count the values of every variable, over the unit that it belongs to."""
    found = []
    for name, column in _columns(dataset).items():
        unit, table = _of(name, dataset)
        if name in table and name not in {"patient_id", "complication"} and (unit != "leaks" or len(table)):
            numbers: tuple[float | None, ...] = (None, None, None)
            if column.kind == "number" and table[name].notna().any():
                numbers = tuple(map(float, np.quantile(table[name].dropna(), [0, 0.5, 1])))
            found.append(Present(name, unit, int(table[name].notna().sum()), len(table), *numbers))
    return found


def _columns(dataset: Dataset) -> dict[str, Column]:
    return columns() | {each.name: each for each in (*dataset.followed, *dataset.declared)}


def _of(name: str, dataset: Dataset) -> tuple[str, pd.DataFrame]:
    """Return what a variable is counted over."""
    if name in _OF_LEAKS:
        return "leaks", dataset.vertebrae[dataset.vertebrae["leak"].eq("yes")]
    if _columns(dataset)[name].unit_of_observation == "patient":
        return "patients", dataset.patients
    return "vertebrae", dataset.vertebrae


def remarks(dataset: Dataset) -> list[Problem]:
    """Find what may be meant otherwise than it is read: ends of scales that are codes, and yes without any no."""
    found = []
    for name, column in _columns(dataset).items():
        unit, table = _of(name, dataset)
        if column.kind == "category" and name in table and {*table[name].fillna("")} == {"", "yes"}:
            found.append(tell("only_yes", variable={own: variable(name, own) for own in LANGUAGES}))
        if column.kind == "number" and name in table:
            scale = (column.maximum or 0) - (column.minimum or 0)
            for value, count, low, high in _alone(table[name].dropna().to_numpy(float), scale):
                named = {language: variable(name, language) for language in LANGUAGES}
                units = {language: text(f"word.{unit}", language) for language in LANGUAGES}
                words = {"variable": named, "units": units, "value": value, "n": count, "low": low, "high": high}
                wording = "value_alone" if column.may_be_empty else "value_alone_needed"
                found.append(tell("value_alone", wording=wording, **words))  # type: ignore[arg-type]
    return found


def _alone(values: NDArray[np.float64], scale: float) -> list[tuple[float, int, float, float]]:
    """Return the values at an end, how often each is there, and where the others lie; one may stand beyond another."""
    for end in (-1, 0):
        distinct, counts = np.unique(values, return_counts=True)
        others = np.array([value for value in distinct if value != distinct[end] and not _is_usual(value)])
        if len(others) < _FEWEST_DISTINCT or counts[end] < 2:
            continue
        value, low, high = float(distinct[end]), float(others[0]), float(others[-1])
        # A usual code need not stand so far away; two points of a scale are no gap.
        usual = 2 * max(1, float(np.median(np.diff(others))))
        if abs(value - others[end]) > (usual if _is_usual(value) else max(high - low, 0.3 * scale)):
            return [(value, int(counts[end]), low, high), *_alone(values[values != value], scale)]
    return []


def _is_usual(value: float) -> bool:
    """Return whether a value is a usual code of a missing one: 99, or 9 on a scale of ten."""
    return is_code(value) or value == 9


def report(examined: Examined, language: str) -> str:
    """Write what was found for a person."""
    dataset = examined.dataset
    if dataset is None:
        lines = [listed(examined.name, examined.problems, language, examined.values)]
        if examined.values:
            lines.append(text("validation.values_said", language))
    else:
        sizes = {noun: counted(n, noun, language) for noun, n in _sizes(dataset).items()}
        lines = [text("validation.valid", language, name=examined.name, **sizes)]
        if dataset.reconstruction:
            lines.append(text("banner.reconstruction", language))
        else:
            lines.append(text("validation.no_proof", language))
        lines.append(text("validation.n", language))
        counts = presence(dataset)
        lines += [f"  {_present(one, language)}" for one in counts if one.n]
        if nothing := [
            variable(one.variable, language) for one in counts if not one.n and dataset.awaits(one.variable)
        ]:
            lines.append(f"  {text('validation.n_none', language, list=', '.join(nothing))}")
    if notes := _notes(examined):
        lines.append(text("validation.notes", language))
        lines += [f"  - {line(note, language)}" for note in notes]
    return "\n".join(lines)


def as_json(examined: Examined, language: str) -> str:
    """Write what was found for a machine."""
    dataset = examined.dataset
    content = {
        "file": examined.name,
        "sha256": dataset.sha256 if dataset else None,
        "valid": dataset is not None,
        "problems": [
            _as_dict(problem, language)
            | {"value": examined.values.get(problem.cell or "")}
            | {"values": {cell: examined.values[cell] for cell in problem.cells if cell in examined.values}}
            for problem in examined.problems
        ],
        "notes": [_as_dict(note, language) for note in _notes(examined)],
        "sizes": _sizes(dataset) if dataset else None,
        "n": [vars(one) for one in presence(dataset)] if dataset else None,
    }
    # Letters as escapes: a machine reads them under any encoding, and none of them steers a terminal.
    return json.dumps(content, indent=2)


def _notes(examined: Examined) -> list[Problem]:
    return [*examined.notes, *(remarks(examined.dataset) if examined.dataset else [])]


def _as_dict(problem: Problem, language: str) -> dict[str, object]:
    said = told(problem, language)
    names = ("code", "message", "remedy", "sheet", "row", "column", "cell", "rows", "columns", "cells")
    return {name: getattr(said, name) for name in names}


def _sizes(dataset: Dataset) -> dict[str, int]:
    leaks = int(dataset.vertebrae["leak"].eq("yes").sum())
    return {"patients": len(dataset.patients), "vertebrae": len(dataset.vertebrae), "leaks": leaks}


def _present(one: Present, language: str) -> str:
    lost = one.total - one.n
    total = counted(one.total, one.unit, language)
    words = {"n": one.n, "total": total, "lost": lost, "label": variable(one.variable, language)}
    key = "n_lost_one" if lost == 1 else "n_lost" if lost else "n_line"
    said = text(f"validation.{key}", language, **words)
    if one.median is None:
        return said
    limits = {name: exact(getattr(one, name), language) for name in ("minimum", "median", "maximum")}
    return f"{said}; {text('validation.limits', language, **limits)}"
