"""What the paper would have to correct or make clear."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.parts import of
from vpresearch.data import Dataset
from vpresearch.published import Paper
from vpresearch.render import labels
from vpresearch.results import Results
from vpresearch.scorecard import scorecard
from vpresearch.tables import corrections

# What can be said of the shipped paper without rows.
_PROVEN = [
    *("cohort.osteoporosis.percent", "cohort.rheumatoid_arthritis.percent", "results.fill_ratio.mean"),
    *("table3.vertebral_volume.p", "results.vas_post.mean", "results.vas_1y.mean", "abstract.vas_1y.mean"),
    *("methods.fracture_age", "table1.heading", "methods.leak_sites", "results.pain_ends"),
    *("abstract.immediate_after_a_year", "Álvarez 2005"),
]


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_without_rows_what_the_printed_numbers_prove_is_listed(shipped: Dataset, language: str) -> None:
    table = corrections(Results(shipped), language)
    assert list(table.data["name"]) == _PROVEN
    told = table.shown.set_axis(table.data["name"])
    assert labels.printed("0.267", language) in str(told.iloc[3, 2])
    assert labels.printed("87.9%", language) in str(told.iloc[-1, 2])
    assert not table.reconstruction


def test_of_rows_what_differs_is_listed_too(paper: Paper, shipped: Dataset) -> None:
    vertebrae = shipped.vertebrae.assign(leak="no", leak_site=None, leak_size=None)
    real = replace(shipped, vertebrae=vertebrae, reconstruction=False)
    table = corrections(of(real, rows=scorecard(paper, real)), "en")
    names = list(table.data["name"])
    assert {"results.leaks.n", "table1.heading", "Álvarez 2005"} <= {*names}
    assert len(names) == len({*names}) > len(_PROVEN)
    assert str(table.shown.iloc[names.index("results.leaks.n"), 2]).startswith("0")
    said = table.shown.iloc[names.index("results.leak_site.vascular.majority")]
    assert ">" not in said.iloc[1]
    assert said.iloc[1].startswith("The paper says that")
