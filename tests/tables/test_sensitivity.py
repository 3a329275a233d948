from __future__ import annotations

from dataclasses import replace

import pytest

from tests.parts import of
from vpresearch.data import Dataset
from vpresearch.regression.assumptions import assumptions
from vpresearch.render import labels
from vpresearch.tables import assumptions_table


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_leaks_of_one_size_leave_no_odds_to_be_proportional(shipped: Dataset, language: str) -> None:
    vertebrae = shipped.vertebrae.copy()
    vertebrae.loc[vertebrae["leak"] == "yes", "leak_size"] = "punctate"
    study = replace(shipped, vertebrae=vertebrae)
    table = assumptions_table(of(study, assumptions=assumptions(study.rows)), language)
    row = table.data[table.data["question"] == "proportional_odds"].iloc[0]
    assert row["reason"] == "two_levels"
    assert labels.text("fit_reason.two_levels", language) in table.to_html()
