"""Two one-sided tests against R and pingouin, and the interval that says the same."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pingouin as pg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpresearch.data import Dataset
from vpresearch.regression import outcome
from vpresearch.regression.design import Design
from vpresearch.regression.outcome import bounds, change_designs, changes, equivalence, two_one_sided

_R: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "regression" / "others.json").read_text(encoding="utf-8")
)["one_sided"]


# -- R and pingouin ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(_R))
def test_the_tests_are_those_of_r(name: str) -> None:
    expected = _R[name]
    low, high, p, _, _ = two_one_sided(expected["estimate"], expected["se"], expected["df"], 1.5)
    assert [low, high] == pytest.approx([expected["low"], expected["high"]], rel=1e-9)
    assert p == pytest.approx(max(expected["p_above_lower"], expected["p_below_upper"]), rel=1e-9)


@pytest.mark.parametrize("margin", [0.3, 0.8, 1.5])
def test_the_p_is_that_of_pingouin(margin: float, studies: dict[str, Dataset]) -> None:
    table = changes(studies["large"].patients, studies["large"].vertebrae, "vas").query("time == '1y'").dropna()
    yes, no = (table[table["leak"] == leak]["change"].to_numpy() for leak in (1, 0))
    expected = _R["large"]
    assert expected["estimate"] == pytest.approx(yes.mean() - no.mean())
    p = two_one_sided(expected["estimate"], expected["se"], expected["df"], margin)[2]
    table_of_pingouin = pg.tost(yes, no, bound=margin, correction=False)
    assert p == pytest.approx(float(table_of_pingouin.filter(like="p").iloc[0, 0]), rel=1e-9)


# -- laws --------------------------------------------------------------------------------------------------------


@given(
    estimate=st.floats(-5, 5), se=st.floats(0.01, 3), df=st.integers(1, 200), alpha=st.sampled_from([0.01, 0.05, 0.1])
)
def test_both_tests_reject_just_where_the_interval_lies_within(
    estimate: float, se: float, df: int, alpha: float
) -> None:
    low, high, p, p_difference, verdict = two_one_sided(estimate, se, df, 1.5, alpha)
    inside = low > -1.5 and high < 1.5
    if min(abs(low + 1.5), abs(high - 1.5)) > 1e-9:
        assert inside == (p < alpha) == (verdict == "equivalent")
    if verdict == "different":
        assert p_difference < alpha <= p
    mirrored = two_one_sided(-estimate, se, df, 1.5, alpha)
    assert mirrored[:4] == pytest.approx((-high, -low, p, p_difference), rel=1e-9, abs=1e-12)
    assert mirrored[4] == verdict


@pytest.mark.parametrize(
    ("estimate", "se", "verdict"),
    [
        (0.1, 0.3, "equivalent"),
        # Real but too small to matter: still equivalent.
        (0.9, 0.1, "equivalent"),
        (3.0, 0.5, "different"),
        # The margin lies within the interval.
        (1.4, 0.5, "different"),
        (0.5, 2.0, "inconclusive"),
    ],
)
def test_verdicts(estimate: float, se: float, verdict: str) -> None:
    assert two_one_sided(estimate, se, 25, 1.5)[4] == verdict


def test_two_tests_of_one_in_twenty_go_with_an_interval_of_nine_tenths() -> None:
    low, high, *_ = two_one_sided(0.0, 1.0, 25, 1.5)
    assert [low, high] == pytest.approx([-1.708141, 1.708141], rel=1e-6)


# -- studies -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("score", "margins"), [("vas", [1.5, 2.0]), ("odi", [10.0])])
@pytest.mark.parametrize(("predictor", "contrast"), [("leak", 1.0), ("fill_percent", 5.0)])
def test_the_difference_is_that_of_the_mixed_model(
    score: str, margins: list[float], predictor: str, contrast: float, studies: dict[str, Dataset]
) -> None:
    table = changes(studies["large"].patients, studies["large"].vertebrae, score)
    _, _, study = change_designs(table, predictor, score)
    results, slope = equivalence(study), outcome.fit(study)[-1]
    assert [result.margin for result in results] == margins
    for result in results:
        assert (result.outcome, result.term, result.contrast) == (f"{score}_change_1y", predictor, contrast)
        assert result.estimate == pytest.approx(contrast * slope.estimate)
        assert result.p_difference == pytest.approx(slope.p_value)
        assert result.ci_low > contrast * slope.ci_low
        assert (result.verdict, result.reason) == ("equivalent", "")


def test_a_small_study_settles_nothing(studies: dict[str, Dataset]) -> None:
    table = changes(studies["normal"].patients, studies["normal"].vertebrae, "vas")
    (last,) = change_designs(table[table["time"] == "1y"], "leak", "vas")
    assert [result.verdict for result in equivalence(last)] == ["inconclusive", "inconclusive"]
    # By either model the interval is of what the model finds.
    for model in (outcome.fit, outcome.ancova):
        assert equivalence(last, model=model)[0].estimate == model(last)[-1].estimate


def test_bounds_are_reached_by_scores_at_the_ends_of_the_scale_and_never_passed(studies: dict[str, Dataset]) -> None:
    table = changes(studies["large"].patients, studies["large"].vertebrae, "vas").query("time == '1y'")
    gone = table["change"].isna() & table["baseline"].notna()
    low, high = bounds(table, "leak", "vas")
    rng, found = np.random.default_rng(1), []
    for _ in range(20):
        filled = table["change"].mask(gone, rng.integers(0, 2, len(table)) * 10 - table["baseline"])
        found.append(outcome.ancova(change_designs(table.assign(change=filled), "leak", "vas")[0])[-1].estimate)
    assert low < min(found) < max(found) < high
    by_leak = table["change"].mask(gone, 10 * table["leak"] - table["baseline"])
    furthest = outcome.ancova(change_designs(table.assign(change=by_leak), "leak", "vas")[0])[-1].estimate
    assert max(found) < furthest <= high + 1e-9
    assert np.isnan(bounds(table.dropna(), "leak", "vas")).all()


def test_without_a_model_there_is_no_verdict() -> None:
    x = np.column_stack([np.ones(6), np.arange(6.0), np.zeros(6)])
    study = Design("odi_change", np.arange(6.0) ** 2, x, ("intercept", "baseline", "leak"), ("",) * 3, np.arange(6))
    (result,) = equivalence(study)
    assert (result.verdict, result.reason) == ("", "constant")
    assert all(math.isnan(value) for value in (result.estimate, result.ci_low, result.p_value, result.p_difference))
