"""Whether the ratio is the predictor, against R and by its own laws."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vpresearch.data import Dataset
from vpresearch.regression.design import Estimate
from vpresearch.regression.models import ratio_models

_R: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "reference" / "regression" / "ratio.json").read_text(encoding="utf-8")
)
_NAMES = {"gee_log_cement": "log_cement", "gee_log_volume": "log_volume", "gee_log_both": "log_both"}


def found_by(study: Dataset) -> dict[tuple[str, str], Estimate]:
    return {(each.model, each.term): each for each in ratio_models(study.rows)}


@pytest.mark.parametrize("name", [name for name in _R if name != "R"])
def test_every_coefficient_and_test_is_that_of_r(studies: dict[str, Dataset], name: str) -> None:
    found = found_by(studies[name])
    for term, expected in _R[name].items():
        if term.startswith("curve"):
            continue
        model = "gee_kc_logs" if term in _NAMES else "gee_kc_within" if term.startswith("fill") else "ml_logs"
        own = found[model, _NAMES.get(term, term)]
        # Of the single logarithms R has a Wald p, and the library a likelihood ratio.
        numbers = (own.estimate, own.se, own.p_value)[: len(expected)]
        assert numbers == pytest.approx(expected, rel=1e-7), term


def test_where_leaks_go_by_the_ratio_the_sum_is_small_and_by_the_volume_large(studies: dict[str, Dataset]) -> None:
    rows = studies["large"].rows
    rng = np.random.default_rng(1)
    by_ratio, by_volume = (
        rng.random(len(rows)) < 1 / (1 + np.exp(-4 * (each - each.median())))
        for each in (np.log2(rows["fill_percent"]), -np.log2(rows["vertebral_volume_cc"]))
    )
    p = {}
    for name, leak in (("ratio", by_ratio), ("volume", by_volume)):
        found = ratio_models(rows.assign(leak=np.where(leak, "yes", "no")))
        p[name] = next(each.p_value for each in found if (each.model, each.term) == ("ml_logs", "log_both"))
    assert p["ratio"] > 0.05
    assert p["volume"] < 1e-6


def test_one_vertebra_a_patient_has_nothing_within(shipped: Dataset) -> None:
    single = shipped.rows.drop_duplicates("patient_id")
    reasons = {each.term: each.reason for each in ratio_models(single) if each.model == "gee_kc_within"}
    assert set(reasons.values()) == {"one_row_a_cluster"}
