from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.parts import of
from vpresearch.data import Dataset
from vpresearch.regression.assumptions import assumptions
from vpresearch.render import labels
from vpresearch.results import Results
from vpresearch.tables import assumptions_table, validation_table


@pytest.mark.parametrize("separated", [False, True])
def test_what_cannot_be_resampled_is_not_said_of_a_model_that_has_its_number(shipped: Dataset, separated: bool) -> None:
    vertebrae, first = shipped.vertebrae.copy(), shipped.vertebrae.index == 0
    leak = vertebrae["cement_volume_cc"] / vertebrae["vertebral_volume_cc"] > 0.09 if separated else first
    vertebrae["leak"] = np.where(leak, "yes", "no")
    study = replace(shipped, vertebrae=vertebrae, reconstruction=False, sha256=f"{separated}")
    told = validation_table(Results(study), "en").notes[-1]
    of, reason = ("ml", "complete_separation") if separated else ("bootstrap", "too_few_outcomes")
    assert told == f"{labels.text(f'model.{of}', 'en')}: {labels.why_not(reason, 'en')}."


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_leaks_of_one_size_leave_no_odds_to_be_proportional(shipped: Dataset, language: str) -> None:
    vertebrae = shipped.vertebrae.copy()
    vertebrae.loc[vertebrae["leak"] == "yes", "leak_size"] = "punctate"
    study = replace(shipped, vertebrae=vertebrae)
    table = assumptions_table(of(study, assumptions=assumptions(study.rows)), language)
    row = table.data[table.data["question"] == "proportional_odds"].iloc[0]
    assert row["reason"] == "two_levels"
    assert labels.text("fit_reason.two_levels", language) in table.to_html()
