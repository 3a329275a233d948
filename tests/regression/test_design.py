"""Setting up a regression: rows that count, patients, units, and results with and without numbers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from vpresearch.regression import Design, Estimate, design
from vpresearch.regression.design import REASONS

_ROWS = pd.DataFrame(
    {
        "patient_id": ["P10", "P2", "P10", "P7", "P2", "P9"],
        "fill_percent": [10.0, 20.0, 30.0, math.nan, 25.0, 12.0],
        "age_years": [70.0, 65.0, 70.0, 80.0, 65.0, math.nan],
    }
)
_LEAK = [0.0, 1.0, 1.0, 1.0, 0.0, 1.0]


def test_rows_with_anything_missing_do_not_count() -> None:
    study = design(_ROWS, "leak", _LEAK)
    assert (study.n, study.events, study.n_clusters) == (5, 3, 3)
    assert study.x.tolist() == [[1, 10], [1, 20], [1, 30], [1, 25], [1, 12]]
    assert study.y.tolist() == [0, 1, 1, 0, 1]
    # Only what the model needs counts.
    assert design(_ROWS, "leak", _LEAK, ("fill_percent", "age_years")).n == 4
    assert design(_ROWS, "leak", [math.nan, *_LEAK[1:]]).n == 4
    assert design(_ROWS, "leak", _LEAK, ()).x.tolist() == [[1]] * 6


def test_patients_are_numbered_without_gaps() -> None:
    study = design(_ROWS, "leak", _LEAK)
    assert study.cluster.dtype == np.int64
    assert study.cluster.tolist() == [0, 1, 0, 1, 2]
    assert sorted(set(design(_ROWS.iloc[[3, 4, 5]], "leak", _LEAK[3:]).cluster.tolist())) == [0, 1]


def test_terms_have_units() -> None:
    study = design(_ROWS, "leak", _LEAK, ("age_years", "fill_percent"))
    assert study.terms == ("intercept", "age_years", "fill_percent")
    assert study.units == ("log odds", "log odds per year", "log odds per percentage point")
    points = design(_ROWS.assign(score=1.0), "vas", _LEAK, ("score",), scale="points")
    assert points.units == ("points", "points per unit")


def test_events_are_rows_above_the_lowest_level() -> None:
    assert design(_ROWS, "severity", [0, 3, 2, 1, 0, 1]).events == 3


def test_a_design_without_rows_is_empty() -> None:
    study = design(_ROWS.iloc[[3]], "leak", [1])
    assert (study.n, study.events, study.n_clusters, study.x.shape) == (0, 0, 0, (0, 2))


@pytest.mark.parametrize("reason", REASONS)
def test_a_fit_that_failed_has_no_number(reason: str) -> None:
    estimates = design(_ROWS, "leak", _LEAK).failed("ml", reason)
    assert [estimate.term for estimate in estimates] == ["intercept", "fill_percent"]
    for estimate in estimates:
        assert (estimate.model, estimate.outcome, estimate.reason, estimate.converged) == ("ml", "leak", reason, False)
        assert (estimate.n, estimate.events, estimate.clusters) == (5, 3, 3)
        numbers = estimate.estimate, estimate.se, estimate.ci_low, estimate.ci_high, estimate.p_value
        assert all(math.isnan(number) for number in numbers)
        assert (estimate.ci_kind, estimate.p_kind) == ("", "")


def test_a_fit_that_converged_has_every_number_in_its_place() -> None:
    found = design(_ROWS, "leak", _LEAK).fitted("ml", [1, 2], [3, 4], ([5, 6], [7, 8], "Wald"), ([0.1, 0.2], "z"))
    assert found[1] == Estimate(
        "ml", "leak", "fill_percent", "log odds per percentage point", 2, 4, 6, 8, "Wald", 0.2, "z", 5, 3, 3, True
    )
    assert [type(value) for value in (found[0].estimate, found[0].p_value)] == [float, float]


def test_one_number_stands_for_every_term() -> None:
    found = design(_ROWS, "leak", _LEAK).fitted("ml", [1, 2], math.nan, (math.nan, math.nan, ""), (0.5, "z"))
    assert [estimate.p_value for estimate in found] == [0.5, 0.5]
    assert all(math.isnan(estimate.se) for estimate in found)


def test_too_few_numbers_are_refused() -> None:
    study: Design = design(_ROWS, "leak", _LEAK)
    with pytest.raises(ValueError, match="broadcast"):
        study.fitted("ml", [1, 2, 3], 1, (0, 1, ""), (0.5, ""))
