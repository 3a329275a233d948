from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from types import CodeType, FrameType
from typing import Any, get_args

import pytest

from vpresearch.core.compendium import read_compendium
from vpresearch.core.paths import NOTEBOOKS
from vpresearch.data import Dataset
from vpresearch.published import Paper, Recomputed
from vpresearch.review.origins import _FUNCTIONS, cells, cells_by_output, full_name, functions
from vpresearch.scorecard import Row, judge, scorecard


@pytest.fixture(scope="module")
def rows(paper: Paper, shipped: Dataset) -> list[Row]:
    return scorecard(paper, shipped)


def called(job: Callable[[], Any]) -> set[CodeType]:
    """The code of every Python function that a job calls."""
    seen: set[CodeType] = set()

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            seen.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        job()
    finally:
        sys.setprofile(before)
    return seen


def test_the_functions_named_are_those_that_ran(rows: list[Row], paper: Paper, shipped: Dataset) -> None:
    for row in rows:
        # What was compared for the row before would not be called again.
        ran = called(lambda claim=row.claim: judge(paper, claim, replace(shipped)))  # type: ignore[misc]
        for function in functions(row):
            # A test that keeps its results is not called again; what it keeps them by has no code of its own.
            code = getattr(function, "__code__", None)
            assert code is None or code in ran, f"{row.claim.id}: {full_name(function)}"


def test_every_statistic_has_its_functions() -> None:
    assert set(_FUNCTIONS) == set(get_args(Recomputed))


def test_the_test_that_was_chosen_is_named(rows: list[Row]) -> None:
    by_id = {row.claim.id: row for row in rows}
    assert [each.__name__ for each in functions(by_id["table3.cement_volume.p"])][-1] == "kruskal"


def test_every_function_is_found_by_its_name(rows: list[Row]) -> None:
    for function in {each for row in rows for each in functions(row)}:
        module, _, name = full_name(function).rpartition(".")
        assert getattr(importlib.import_module(module), name) is function


def test_every_exhibit_has_one_cell_that_writes_it() -> None:
    compendium = read_compendium()
    made = cells_by_output(compendium)
    outputs = [exhibit.output for notebook in compendium.notebooks for exhibit in notebook.exhibits]
    assert list(made) == outputs
    assert len({(cell.notebook, cell.id) for cell in made.values()}) == len(outputs)
    for cell in made.values():
        content = json.loads((NOTEBOOKS / cell.notebook).read_text(encoding="utf-8"))["cells"]
        (source,) = ["".join(each["source"]) for each in content if each["id"] == cell.id]
        assert f"{cell.output.split('/')[0]}.write(" in source


def test_a_number_is_shown_where_the_paper_prints_it_and_in_the_scorecard(rows: list[Row]) -> None:
    compendium = read_compendium()
    made = cells_by_output(compendium)
    by_id = {row.claim.id: row for row in rows}
    outputs = [cell.output for cell in cells(by_id["table3.cement_volume.p"], compendium, made)]
    assert outputs == ["tables/table3", "tables/scorecard"]
    assert all(cells(row, compendium, made)[-1].output == "tables/scorecard" for row in rows)
