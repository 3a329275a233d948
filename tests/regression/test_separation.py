"""The linear programmes against the closed form of one predictor, and what they do with several."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vpresearch.core.errors import VPResearchError
from vpresearch.regression import logistic
from vpresearch.regression.design import Design
from vpresearch.regression.logistic import gate, separated, standardised


def _design(y: list[float], *columns: list[float]) -> Design:
    x = np.column_stack([np.ones(len(y)), *columns])
    terms = ("intercept", *"abc"[: len(columns)])
    return Design("leak", np.array(y, float), x, terms, ("",) * len(terms), np.arange(len(y)))


def _closed_form(y: list[float], x: list[float]) -> str:
    """Which of two groups lies wholly above the other, with one predictor."""
    without, events = ([value for value, kind in zip(x, y, strict=True) if kind == group] for group in (0, 1))
    if not without or not events:
        return "one_outcome"
    if len(set(x)) == 1:
        return "constant"
    gap = max(min(events) - max(without), min(without) - max(events))
    return "complete_separation" if gap > 0 else "quasi_complete_separation" if gap == 0 else ""


_rows = st.lists(st.tuples(st.integers(0, 1), st.integers(-5, 5)), min_size=2, max_size=14)


@settings(max_examples=100)
@given(_rows)
def test_one_predictor_separates_as_the_closed_form_says(rows: list[tuple[int, int]]) -> None:
    y, x = ([float(value) for value in column] for column in zip(*rows, strict=True))
    assert gate(_design(y, x)) == _closed_form(y, x)


@settings(max_examples=40)
@given(_rows, st.sampled_from([-1e-6, 1e-3, 1e6]), st.sampled_from([-1e4, 0.0, 0.3]))
def test_scale_and_shift_of_a_predictor_do_not_matter(rows: list[tuple[int, int]], scale: float, shift: float) -> None:
    y, x = ([float(value) for value in column] for column in zip(*rows, strict=True))
    assert gate(_design(y, [scale * (value + shift) for value in x])) == _closed_form(y, x)


@settings(max_examples=40)
@given(st.lists(st.tuples(*[st.integers(-9, 9)] * 3), min_size=5, max_size=14))
def test_outcomes_that_follow_a_plane_are_separated(rows: list[tuple[int, int, int]]) -> None:
    a, b, c = ([float(value) for value in column] for column in zip(*rows, strict=True))
    heights = [2 * one - 3 * other + third - 0.5 for one, other, third in zip(a, b, c, strict=True)]
    y = [float(height > 0) for height in heights]
    study = _design(y, a, b, c)
    assume(0 < sum(y) < len(y) and np.linalg.matrix_rank(study.x) == 4)
    assert gate(study) == "complete_separation"
    # A row on the other side of its twin leaves nothing but a plane through both.
    twins = _design([*y, 1 - y[0]], [*a, a[0]], [*b, b[0]], [*c, c[0]])
    assert gate(twins) in ("quasi_complete_separation", "")


def test_two_predictors_can_separate_what_neither_does() -> None:
    y, a, b = [0.0, 0, 1, 1, 0, 1], [1.0, 3, 2, 4, 5, 6], [2.0, 4, 1, 3, 6, 5]
    assert gate(_design(y, a)) == gate(_design(y, b)) == ""
    assert gate(_design(y, a, b)) == "complete_separation"


def test_a_cell_without_events_is_quasi_complete_separation() -> None:
    y, kind, x = [0.0, 1, 0, 1, 0, 0], [0.0, 0, 0, 0, 1, 1], [1.0, 2, 4, 3, 1, 5]
    assert gate(_design(y, kind, x)) == "quasi_complete_separation"
    assert gate(_design(y, x)) == ""


def test_columns_that_depend_on_each_other_are_collinear() -> None:
    y, a = [0.0, 1, 0, 1, 1], [1.0, 2, 4, 3, 7]
    assert gate(_design(y, a, [3 * value - 2 for value in a])) == "collinear"


def test_a_column_that_varies_by_rounding_alone_is_constant() -> None:
    y, a = [0.0, 1, 0, 1, 1], [1.0, 2, 4, 3, 7]
    assert gate(_design(y, a, [0.1 + 0.2] * 2 + [0.3] * 3)) == "constant"
    assert gate(_design(y, [0.1 + 0.2] * 2 + [0.3] * 3)) == "constant"


def test_the_intercept_alone_separates_nothing() -> None:
    assert gate(_design([0, 1, 1])) == ""
    assert gate(_design([1, 1, 1])) == "one_outcome"


def test_signed_rows_are_separated_by_a_direction() -> None:
    assert separated(np.array([[1.0, 0.1], [1.0, -0.1]])) == "complete_separation"
    assert separated(np.array([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])) == "quasi_complete_separation"
    assert separated(np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])) == ""


def test_a_programme_without_a_solution_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logistic, "linprog", lambda *_, **__: SimpleNamespace(fun=None, message="no memory"))
    with pytest.raises(VPResearchError, match="no memory"):
        gate(_design([0, 0, 1], [1, 2, 3]))


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(-3, 3), st.integers(-3, 3)), min_size=4, max_size=16))
def test_the_proof_that_saves_the_programmes_is_one(rows: list[tuple[int, int, int]]) -> None:
    y, a, b = (np.array(column, float) for column in zip(*rows, strict=True))
    x = standardised(np.column_stack([np.ones(len(y)), a, b]))
    assume(np.linalg.matrix_rank(x) == 3)
    signed = np.where(y > 0, 1.0, -1.0)[:, None] * x
    proved = logistic._overlaps(signed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logistic, "_overlaps", lambda _: False)
        assert not proved or separated(signed) == ""


def test_standardised_columns_have_mean_0_and_spread_1() -> None:
    x = np.column_stack([np.ones(5), [1e6, 2e6, 4e6, 1e6, 3e6], np.full(5, 0.1)])
    scaled = standardised(x)
    assert scaled[:, 0].tolist() == [1] * 5
    assert [scaled[:, 1].mean(), scaled[:, 1].std()] == pytest.approx([0, 1], abs=1e-12)
    assert scaled[:, 2].tolist() == [0] * 5
