"""Where each number of the scorecard is shown, and which functions made it."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from vpresearch import figures, inference, scorecard, tables
from vpresearch.core.compendium import Compendium
from vpresearch.core.paths import NOTEBOOKS
from vpresearch.inference import describe
from vpresearch.published import QUANTILES
from vpresearch.scorecard import Row

Function = Callable[..., Any]

_SCORECARD = "tables/scorecard"
# The function that computes the number comes first, then what it calls for it.
_FUNCTIONS: Mapping[str, tuple[Function, ...]] = {
    "n": (scorecard.part_and_whole, describe.positions),
    "percent": (scorecard.part_and_whole, describe.positions),
    **dict.fromkeys(("mean", "sd", *QUANTILES), (describe.summarise, describe.values_in)),
    "difference": (describe.summarise, describe.values_in),
    "lead": (scorecard.lead, describe.values_in),
    "p": (inference.compare_by_leak, inference.compare),
    "smallest_p": (inference.compare_by_leak, inference.compare),
}
_TESTS: Mapping[str, Function] = {"student": inference.student, "kruskal": inference.kruskal}


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook."""

    notebook: str
    id: str
    output: str
    call: str


def functions(row: Row) -> tuple[Function, ...]:
    """Return the functions that made a number, the one that computes it first."""
    chosen = row.computed.method.code.rpartition("_")[2]
    return _FUNCTIONS[row.claim.compute.statistic] + ((_TESTS[chosen],) if chosen in _TESTS else ())


def cells(row: Row, compendium: Compendium, made: Mapping[str, Cell]) -> tuple[Cell, ...]:
    """Return the cells that show a number: those of the exhibits that the paper prints it in, and of the scorecard."""
    exhibits = [exhibit for notebook in compendium.notebooks for exhibit in notebook.exhibits]
    outputs = [exhibit.output for exhibit in exhibits if exhibit.name in row.claim.places]
    return tuple(made[output] for output in [*outputs, _SCORECARD])


def maker(cell: Cell) -> Function:
    """Give the function that a cell calls for its exhibit."""
    rooms = {"tables": tables, "figures": figures}
    made: Function = inspect.unwrap(getattr(rooms[cell.output.split("/")[0]], cell.call))
    return made


def cells_by_output(compendium: Compendium) -> dict[str, Cell]:
    """Find the cell that writes each exhibit."""
    found = {}
    for notebook in compendium.notebooks:
        sources = _sources(NOTEBOOKS / notebook.file)
        for exhibit in notebook.exhibits:
            kind, name = exhibit.output.split("/")
            call = re.compile(rf"\b{kind}\.({name}(_table|_figure)?)\(")
            for cell, source in sources.items():
                if seen := call.search(source):
                    found[exhibit.output] = Cell(notebook.file, cell, exhibit.output, seen[1])
    return found


@cache
def _sources(notebook: Path) -> Mapping[str, str]:
    content = json.loads(notebook.read_text(encoding="utf-8"))
    return {cell["id"]: "".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code"}


def full_name(function: Function) -> str:
    """Return the name that a function is imported by."""
    return f"{function.__module__}.{function.__qualname__}"
