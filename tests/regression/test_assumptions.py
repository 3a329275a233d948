from __future__ import annotations

import math

import pytest

from vpresearch.data import Dataset
from vpresearch.regression import assumptions as assumptions_module
from vpresearch.regression import bayes, ordinal
from vpresearch.regression.assumptions import assumptions
from vpresearch.regression.models import leak_design, severity_design


def test_each_question_has_the_answer_of_its_own_method(shipped: Dataset) -> None:
    found = {each.question: each for each in assumptions(shipped.rows)}
    study = leak_design(shipped.rows)
    assert found["straight_line"].p_value == assumptions_module.fit(study)[-1].p_value
    odds = ordinal.proportional_odds(severity_design(shipped.rows))
    assert found["proportional_odds"].p_value == pytest.approx(odds.p_value, nan_ok=True)
    usual = bayes.fit(study)[1]
    assert found["priors_usual"].estimate == pytest.approx(usual.estimate)
    assert found["priors_usual"].ci_high == pytest.approx(usual.ci_high)


def test_a_test_has_no_slope_and_a_slope_no_test(shipped: Dataset) -> None:
    *answers, rise = assumptions(shipped.rows)
    tests, slopes = answers[:2], answers[2:]
    assert rise.question == "probability_of_rise"
    assert rise.estimate == pytest.approx(bayes.probability_of_rise(leak_design(shipped.rows)))
    assert len(slopes) == 1 + len(bayes.ALTERNATIVES)
    assert all(math.isnan(each.estimate) for each in tests)
    assert all(math.isnan(each.p_value) for each in slopes)
