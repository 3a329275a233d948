"""Parts that several tests are made of: columns that a study declares, and results that a test has made itself."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from pathlib import Path
from unittest.mock import patch

import vpresearch
from vpresearch.data import Dataset
from vpresearch.figures import Figure
from vpresearch.report import Report, compose, document, prepare
from vpresearch.report.blocks import Picture
from vpresearch.results import Results

DECLARATION = """columns:
  side:
    unit_of_observation: vertebra
    type: category
    label: {es: Lado, en: Side}
    values: {left: {es: Izquierdo, en: Left}, right: {es: Derecho, en: Right}}
  t_score:
    unit_of_observation: patient
    type: number
    unit: SD
    range: [-8, 4]
    label: {es: Densidad ósea (T), en: Bone density (T)}
"""


def of(dataset: Dataset, **parts: object) -> Results:
    """Take the results of a dataset, with some parts in the place of those that would be computed."""
    results = Results(dataset)
    vars(results).update(parts)
    return results


def composed(results: Results, language: str) -> Report:
    """Put together the report of one language, whose figures are made but not drawn."""

    def undrawn(draw: Callable[[Results, str], Figure], results: Results, language: str, name: str) -> Picture:
        figure = draw(results, language)
        return Picture(figure.caption, figure.reconstruction, {})

    with patch.object(document, "_picture", undrawn):
        (prepared,) = prepare(results, [language], alone=False)
    return compose(prepared, {"commit": "", "python": ""})


@cache
def source() -> dict[str, ast.Module]:
    """Read the code of the package, by place; nobody changes it."""
    package = Path(vpresearch.__file__).parent
    return {
        path.relative_to(package).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(package.rglob("*.py"))
    }
