"""The posterior against long chains of JAGS, and against its own finer lattice."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vpresearch.regression import bayes, firth, mixed
from vpresearch.regression.bayes import ALTERNATIVES, PRIORS, Margin, Posteriors, Priors, posterior, probability_of_rise
from vpresearch.regression.design import Design, design
from vpresearch.regression.logistic import standardised
from vpresearch.regression.mixed import grouped

_HERE = Path(__file__).parents[1] / "reference" / "regression"
_JAGS: dict[str, Any] = json.loads((_HERE / "bayes.json").read_text(encoding="utf-8"))
_CASES = [case for case in _JAGS if case != "software"]


def study_of(case: str) -> Design:
    table = pd.DataFrame(_JAGS[case]["d"])
    rows = pd.DataFrame({"patient_id": table["patient"].astype(str), "fill_percent": table["fill"]})
    return design(rows, "leak", table["leak"])


def numbers(margins: Mapping[str, Margin]) -> dict[str, float]:
    told = {"p_positive": 1 - margins["fill_percent"].below(0.0)}
    for term, margin in margins.items():
        told[f"{term}.mean"], told[f"{term}.sd"] = margin.moments()
        for name, probability in (("q025", 0.025), ("q500", 0.5), ("q975", 0.975)):
            told[f"{term}.{name}"] = margin.quantile(probability)
    return told


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, float]]:
    return {case: numbers(posterior(study_of(case), Priors(*_JAGS[case]["prior"]))[1]) for case in _CASES}


# -- JAGS --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", _CASES)
def test_the_posterior_is_that_of_jags(found: dict[str, dict[str, float]], case: str) -> None:
    """Within three Monte Carlo errors, which a chain of 1,440,000 draws makes small."""
    assert found[case].keys() == _JAGS[case]["value"].keys()
    for name, value in found[case].items():
        assert value == pytest.approx(_JAGS[case]["value"][name], abs=3 * _JAGS[case]["mc_error"][name]), name


def test_the_chains_tell_one_prior_from_another(found: dict[str, dict[str, float]]) -> None:
    slope = "fill_percent.mean"
    error = _JAGS["synthetic41"]["mc_error"][slope]
    assert found["synthetic41"][slope] - found["synthetic41_narrow"][slope] > 100 * error


# -- the lattice -------------------------------------------------------------------------------------------------


def test_a_finer_lattice_changes_nothing(found: dict[str, dict[str, float]]) -> None:
    finer = numbers(posterior(study_of("synthetic41_narrow"), Priors(1.0, 1.0, 1.0), finer=1.5)[1])
    for name, value in found["synthetic41_narrow"].items():
        assert value == pytest.approx(finer[name], rel=1e-4), name


def test_the_steps_are_as_wide_as_one_leak_among_hundreds_allows() -> None:
    # One leak tells little: with the steps of many leaks the lattice would have too many places.
    rng = np.random.default_rng(2)
    fill = rng.normal(8, 3, 484)
    one, many = (fill == np.sort(fill)[200]).astype(float), (rng.random(484) < 0.4).astype(float)
    x = standardised(np.column_stack([np.ones(484), fill]))
    rare, frequent = (Posteriors(grouped(x, y, np.arange(484))).under(PRIORS) for y in (one, many))
    assert rare is not None
    assert frequent is not None
    assert (rare.room[:2] > 1.3 * frequent.room[:2]).all()
    assert frequent.room[0] == pytest.approx(2 / math.sqrt(484), rel=1e-3)


# -- rows --------------------------------------------------------------------------------------------------------


def test_the_rows_say_what_they_are(found: dict[str, dict[str, float]]) -> None:
    rows, expected = bayes.fit(study_of("synthetic41")), found["synthetic41"]
    assert [row.term for row in rows] == ["intercept", "fill_percent", "sd_patient"]
    for row in rows:
        assert (row.model, row.converged, row.reason, row.p_kind) == ("bayes", True, "", "")
        assert row.ci_kind == "equal-tailed credible, conditional on the patient"
        assert math.isnan(row.p_value)
        told = [expected[f"{row.term}.{name}"] for name in ("mean", "sd", "q025", "q975")]
        assert [row.estimate, row.se, row.ci_low, row.ci_high] == pytest.approx(told)


def test_the_probability_of_a_rise(found: dict[str, dict[str, float]]) -> None:
    assert probability_of_rise(study_of("separated")) == pytest.approx(found["separated"]["p_positive"])


def test_separated_data_have_a_posterior_and_say_so() -> None:
    study = study_of("separated")
    rows = bayes.fit(study)
    assert {row.reason for row in rows} == {"complete_separation"}
    assert all(math.isfinite(row.estimate) for row in rows)
    assert {row.reason for row in mixed.fit(study)} == {"complete_separation"}
    # Only the prior ends the interval: it is far wider than the penalised likelihood's estimate is large.
    assert rows[1].ci_high - rows[1].ci_low > 2 * firth.fit(study)[1].estimate


# -- priors ------------------------------------------------------------------------------------------------------


def test_a_stronger_prior_draws_the_slope_to_nought(found: dict[str, dict[str, float]]) -> None:
    alternatives = dict(ALTERNATIVES)
    assert Priors(*_JAGS["separated"]["prior"]) == PRIORS
    usual = found["separated"]["fill_percent.mean"]
    narrow, wide = (
        posterior(study_of("separated"), alternatives[name])[1]["fill_percent"].moments()[0]
        for name in ("narrow", "wide")
    )
    assert 0 < narrow < usual < wide


def test_without_spread_between_patients_the_prior_is_all_there_is() -> None:
    """A prior that forbids any spread leaves the posterior of independent vertebrae, by sums over a plane."""
    study = study_of("synthetic41")
    *_, fill, sd = bayes.fit(study, priors=Priors(sd_patient=1e-3))
    z = (study.x[:, 1] - study.x[:, 1].mean()) / study.x[:, 1].std()
    a, b = np.meshgrid(np.linspace(-5, 4, 300), np.linspace(-3, 6, 300), indexing="ij")
    logit = a[..., None] + b[..., None] * z
    height = (study.y * logit - np.logaddexp(0, logit)).sum(axis=-1) - (a**2 + b**2) / (2 * 2.5**2)
    mass = np.exp(height - height.max())
    mean = (mass * b).sum() / mass.sum()
    assert fill.estimate * study.x[:, 1].std() == pytest.approx(mean, rel=1e-5)
    assert sd.estimate == pytest.approx(1e-3 * math.sqrt(2 / math.pi), rel=1e-3)


def test_one_vertebra_a_patient_says_so_beside_the_numbers() -> None:
    study = study_of("synthetic41")
    alone = replace(study, cluster=np.arange(study.n))
    for term in bayes.fit(alone):
        assert (term.converged, term.reason) == (True, "one_row_a_cluster")
        assert math.isfinite(term.estimate)


# -- failures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "columns", "reason"),
    [
        ([0, 0, 0, 0], [[1, 2, 3, 4]], "one_outcome"),
        ([0, 1, 0, 1], [[2, 2, 2, 2]], "constant"),
        ([0, 1, 0, 1], [[1, 2, 3, 4], [1, 4, 9, 7]], "too_large"),
    ],
)
def test_a_fit_that_fails(y: list[float], columns: list[list[float]], reason: str) -> None:
    x = np.column_stack([np.ones(4), *np.array(columns, float)])
    terms = ("intercept", "fill", "age")[: x.shape[1]]
    study = Design("leak", np.array(y, float), x, terms, ("",) * len(terms), np.array([0, 0, 1, 1]))
    for row in bayes.fit(study):
        assert (row.reason, row.converged) == (reason, False)
        assert math.isnan(row.estimate)
        assert math.isnan(row.ci_high)
    assert math.isnan(probability_of_rise(study))


def test_one_patient_tells_nothing_of_how_patients_differ() -> None:
    x = np.column_stack([np.ones(8), np.arange(8.0)])
    rows = bayes.fit(
        Design("leak", np.array([0, 1, 0, 1, 0, 0, 1, 1.0]), x, ("intercept", "fill"), ("", ""), np.zeros(8, int))
    )
    assert {row.reason for row in rows} == {"too_few_clusters"}
    assert all(np.isnan(row.estimate) for row in rows)
