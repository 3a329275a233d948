from __future__ import annotations

import pytest

from tests.parts import of
from vpresearch.data import Dataset
from vpresearch.published import Paper
from vpresearch.render import labels
from vpresearch.scorecard import scorecard
from vpresearch.tables import scorecard_table


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_the_scorecard_holds_every_claim_with_every_digit(paper: Paper, shipped: Dataset, language: str) -> None:
    rows = scorecard(paper, shipped)
    table = scorecard_table(of(shipped, rows=rows), language)
    assert list(table.data) == ["claim", "place", "printed", "computed", "rounded", "verdict", "method", "reason"]
    assert len(table.data) == len(table.shown) == len(paper.claims) == 96
    for row, data, shown in zip(rows, table.data.to_dict("records"), table.shown.to_numpy(), strict=True):
        claim, place, printed, computed, rounded, verdict, method, reason = shown
        assert data == {
            "claim": row.claim.id,
            "place": "; ".join(row.claim.places),
            "printed": row.claim.printed.printed,
            "computed": row.computed.value,
            "rounded": row.rounded,
            "verdict": row.verdict,
            "method": labels.method(row.computed.method, "en"),
            "reason": data["reason"],
        }
        own = [labels.printed(text, language) for text in (row.claim.printed.printed, row.rounded)]
        assert (claim, [printed, rounded]) == (row.claim.id, own)
        assert language == "es" or "," not in printed + rounded
        assert place == labels.places(row.claim.places, language)
        # Two digits more than the paper prints, but a count has none.
        decimals = 0 if row.claim.compute.statistic in {"n", "lead"} else row.claim.printed.decimals + 2
        assert computed == labels.number(row.computed.value, decimals, language)
        assert verdict == labels.text(f"verdict.{row.verdict}", language)
        assert method == labels.method(row.computed.method, language)
        for note in row.reasons:
            assert labels.reason(note, "en") in str(data["reason"])
            assert note.code == "implied" or labels.reason(note, language) in reason


@pytest.mark.parametrize(
    ("language", "parents"),
    [
        ("en", "table 1, percentage of vertebrae, region = lumbar"),
        ("es", "tabla 1, porcentaje de vértebras, región = lumbares"),
    ],
)
def test_claims_that_imply_one_go_by_ids_in_the_file_and_by_names_before_a_reader(
    paper: Paper, shipped: Dataset, language: str, parents: str
) -> None:
    rows = scorecard(paper, shipped)
    table = scorecard_table(of(shipped, rows=rows), language)
    place = [row.claim.id for row in rows].index("cohort.lumbar.majority")
    assert "satisfy: cohort.lumbar.percent." in table.data["reason"][place]
    reason = str(table.shown.iloc[place, -1])
    assert f": {parents}." in reason
    assert "cohort." not in reason


def test_the_scorecard_says_how_many_numbers_it_holds(paper: Paper, shipped: Dataset) -> None:
    rows = scorecard(paper, shipped)
    assert scorecard_table(of(shipped, rows=rows), "es").notes[-1].startswith("Están los 96 números que el artículo da")
    assert scorecard_table(of(shipped, rows=rows), "en").notes[-1].startswith("All 96 numbers that the paper gives")
