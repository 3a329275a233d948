"""The committed ranges of relief against the reconstructions that they are of."""

from __future__ import annotations

import pytest

from vpresearch import implied
from vpresearch.data import Dataset
from vpresearch.implied import read_relief, relief, relief_ranges
from vpresearch.regression.outcome import change_designs, changes, equivalence


def test_the_committed_ranges_hold_what_reconstructions_give() -> None:
    ensembles = {
        name: each.take(range(0, len(each), 100 if name == "drawn" else 1)) for name, each in implied.shipped().items()
    }
    table, committed = relief(ensembles), read_relief().set_index(["outcome", "term", "margin"])
    assert set(table["source"]) == {"drawn", "extreme"}
    for row in table.to_dict("records"):
        known = committed.loc[[(row["outcome"], row["term"], row["margin"])]].iloc[0]
        # The file has six digits.
        assert known["least"] - 1e-4 <= row["estimate"] <= known["greatest"] + 1e-4
        assert known[row["verdict"]] > 0
    drawn = len(implied.shipped()["drawn"])
    verdicts = committed[["equivalent", "inconclusive", "different"]]
    assert committed["n"].tolist() == verdicts.sum(axis=1).tolist() == [drawn] * 14
    # Every reconstruction of the ensemble is in it: the extremes are some dataset's.
    assert (relief_ranges(table)[["least", "greatest"]].to_numpy().T[0] >= committed["least"].to_numpy() - 1e-4).all()


def test_a_reconstruction_is_asked_as_the_shipped_one_is(shipped: Dataset) -> None:
    first = implied.shipped()["drawn"].take([3])
    rows = first.table(0)
    vertebrae = rows.assign(fill_percent=100 * rows["cement_volume_cc"] / rows["vertebral_volume_cc"])
    patients = rows.groupby("patient_id").first()
    expected = equivalence(change_designs(changes(patients, vertebrae, "vas"), "leak", "vas")[0])
    found = relief({"drawn": first})
    assert found["estimate"][:2].tolist() == pytest.approx([each.estimate for each in expected])
    assert found["verdict"][:2].tolist() == [each.verdict for each in expected]
    assert set(found["outcome"]) == {"vas_change_post", "vas_change_1m", "vas_change_1y", "odi_change_1y"}
