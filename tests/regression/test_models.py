from __future__ import annotations

import math

import numpy as np
import pytest

from vpresearch.data import Dataset
from vpresearch.regression import resampling
from vpresearch.regression.design import REASONS, Estimate
from vpresearch.regression.models import PRIMARY, fit_models, leak_design

NEEDED = {
    "ml",
    "firth",
    "gee_robust",
    "gee_kc",
    "gee_md",
    "gee_fg",
    "gee_exchangeable",
    "mixed",
    "bayes",
    "bootstrap",
    "ordinal",
    "exact",
}


@pytest.fixture(scope="module")
def estimates(shipped: Dataset) -> tuple[Estimate, ...]:
    return fit_models(shipped.rows)


def test_every_model_has_its_terms_once(estimates: tuple[Estimate, ...]) -> None:
    keys = [(each.model, each.term) for each in estimates]
    assert len(set(keys)) == len(keys)
    assert {model for model, term in keys if term == "fill_percent"} >= NEEDED
    assert {model for model, term in keys if term == "intercept"} >= NEEDED - {"ordinal"}
    assert estimates[0].model == PRIMARY


def test_the_slope_is_of_one_percentage_point(estimates: tuple[Estimate, ...]) -> None:
    slopes = [each for each in estimates if each.term == "fill_percent"]
    assert {each.unit for each in slopes} == {"log odds per percentage point"}
    # All of one size: none is of a fraction or of a standard deviation.
    assert all(0.02 < each.estimate < 0.2 for each in slopes)


def test_the_seed_moves_the_bootstrap_alone(shipped: Dataset, estimates: tuple[Estimate, ...]) -> None:
    study = leak_design(shipped.rows)
    first, second = (resampling.fit(study, seed=seed)[1] for seed in (1, 2))
    (found,) = [each for each in estimates if (each.model, each.term) == ("bootstrap", "fill_percent")]
    assert (found.ci_low, found.ci_high) == (first.ci_low, first.ci_high) != (second.ci_low, second.ci_high)


def test_on_separated_data_no_model_gives_a_confident_number(shipped: Dataset) -> None:
    rows = shipped.rows.copy()
    rows["leak"] = np.where(rows["fill_percent"] > rows["fill_percent"].median(), "yes", "no")
    rows["leak_size"] = rows["leak"].map({"yes": "punctate"})
    for each in fit_models(rows):
        if each.term != "fill_percent" or each.model == "firth":
            continue
        assert each.reason in REASONS, each.model
        if each.model not in ("bayes", "exact"):
            assert math.isnan(each.se), each.model
            assert math.isnan(each.p_value), each.model


def test_data_without_leaks_give_reasons(shipped: Dataset) -> None:
    rows = shipped.rows.assign(leak="no", leak_size=None)
    assert {each.reason for each in fit_models(rows) if each.term == "fill_percent"} == {"one_outcome"}
