"""The checker finds nothing in the shipped data, and every kind of planted fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kruskal

from vpresearch.core.paths import RECONSTRUCTION
from vpresearch.core.reported import Reported
from vpresearch.published import Compute, Paper
from vpresearch.reconstruct import Reconstruction, attainable, verify
from vpresearch.reconstruct.verify import kruskal_statistic


@pytest.fixture
def table(reconstructed: Callable[[int], Reconstruction]) -> pd.DataFrame:
    """A reconstruction whose first patient has several vertebrae."""
    return reconstructed(1).table.copy()


def failed(table: pd.DataFrame, paper: Paper) -> list[str]:
    return [failure.claim for failure in verify(table, paper, attainable(paper))]


def test_the_shipped_reconstruction_fails_nothing_but_the_unattainable_p(paper: Paper) -> None:
    table = pd.read_csv(RECONSTRUCTION, keep_default_na=False)
    assert failed(table, paper) == []
    (failure,) = verify(table, paper)
    assert (failure.claim, failure.wanted) == ("table3.vertebral_volume.p", "0,466")
    assert failure.found.startswith("0.46")


def _add(column: str, amount: float, rows: slice = slice(None)) -> Callable[[pd.DataFrame], None]:
    def fault(table: pd.DataFrame) -> None:
        values = table[column].to_numpy().copy()
        values[rows] = np.round(values[rows] + amount, 1)
        table[column] = values

    return fault


def _set(column: str, value: object, row: int) -> Callable[[pd.DataFrame], None]:
    def fault(table: pd.DataFrame) -> None:
        table.loc[row, column] = value  # type: ignore[call-overload]

    return fault


def _swap_volumes_across_groups(table: pd.DataFrame) -> None:
    """Leave every pooled number as it is."""
    no, yes = (table.index[table["leak"] == leak] for leak in ("no", "yes"))
    least, most = table.loc[no, "vertebral_volume_cc"].idxmax(), table.loc[yes, "vertebral_volume_cc"].idxmin()
    volumes = table["vertebral_volume_cc"].copy()
    volumes[[least, most]] = volumes[[most, least]].to_numpy()
    table["vertebral_volume_cc"] = volumes


def _spread_out(table: pd.DataFrame) -> None:
    """Move two volumes of one group apart: the mean stays, the standard deviation does not."""
    volumes = table.loc[table["leak"] == "no", "vertebral_volume_cc"].sort_values()
    table.loc[volumes.index[5], "vertebral_volume_cc"] -= 6
    table.loc[volumes.index[-5], "vertebral_volume_cc"] += 6
    table["vertebral_volume_cc"] = table["vertebral_volume_cc"].round(1)


def _alternate_cement(table: pd.DataFrame) -> None:
    """Give each vertebra the cement that makes its fill ratio least, within its leak group."""
    for leak in ("no", "yes"):
        rows = table.index[table["leak"] == leak]
        by_volume = table.loc[rows, "vertebral_volume_cc"].sort_values().index
        table.loc[by_volume, "cement_volume_cc"] = np.sort(table.loc[rows, "cement_volume_cc"])


def _pull_ranks(table: pd.DataFrame) -> None:
    """Exchange two neighbours in rank between the groups: means and standard deviations hardly move."""
    ordered = table.sort_values("vertebral_volume_cc").index
    for first, second in pairwise(ordered[15:]):
        if (table.loc[first, "leak"], table.loc[second, "leak"]) == ("no", "yes"):
            volumes = table.loc[[first, second], "vertebral_volume_cc"].to_numpy()
            table.loc[first, "vertebral_volume_cc"], table.loc[second, "vertebral_volume_cc"] = volumes[::-1]
            return


@pytest.mark.parametrize(
    ("fault", "claims"),
    [
        (_set("sex", "M", 0), {"rule.one_value_a_patient.sex", "cohort.men.n"}),
        (_set("vas_1y", 9, 0), {"rule.one_value_a_patient.vas_1y"}),
        (_set("level", "T12", 1), {"rule.level_once", "table1.T12.n", "table1.T12.percent", "table1.L1.n"}),
        (_set("cement_volume_cc", 39.9, 0), {"rule.cement_below_volume", "table2.cement_volume.max"}),
        (_set("leak_site", "vascular", 0), {"rule.kind_of_leak", "results.leak_site.vascular.n"}),
        (_set("leak_size", "", 2), {"rule.kind_of_leak"}),
        (_set("vertebral_volume_cc", 22.25, 0), {"rule.grid.vertebral_volume_cc"}),
        (_set("vas_pre", 11, 0), {"rule.grid.vas_pre", "rule.one_value_a_patient.vas_pre"}),
        (_set("vertebral_volume_cc", 15.5, 0), {"table2.vertebral_volume.min"}),
        (_set("cement_volume_cc", 0.4, 0), {"table2.cement_volume.min"}),
        (_add("age_years", 1), {"cohort.age.mean", "cohort.age.min", "cohort.age.max"}),
        (_add("odi_1y", 2), {"results.odi_1y.mean"}),
        (_add("vas_post", 9), {"results.vas_post.relief", "results.vas_post.mean", "table4.vas_post.leak.mean"}),
        (
            _add("cement_volume_cc", 0.1),
            {"table3.cement_volume.leak.mean", "table3.cement_volume.no_leak.mean", "table2.cement_volume.mean"},
        ),
        (_swap_volumes_across_groups, {"table3.vertebral_volume.leak.mean", "table3.vertebral_volume.p"}),
        (_spread_out, {"table3.vertebral_volume.no_leak.sd"}),
        (_alternate_cement, {"results.fill_ratio.mean"}),
        (_pull_ranks, {"table3.vertebral_volume.p"}),
        (_set("complication", "transient_neuritis", 0), {"results.complications.n"}),
        (_set("new_fracture_1y", "yes", 40), {"results.new_fractures.n"}),
        (_set("cause", "rheumatoid_arthritis", 0), {"cohort.osteoporosis.percent"}),
    ],
)
def test_a_planted_fault_is_caught(
    table: pd.DataFrame, paper: Paper, fault: Callable[[pd.DataFrame], None], claims: set[str]
) -> None:
    fault(table)
    assert claims <= set(failed(table, paper))


def test_a_value_too_often_is_caught(table: pd.DataFrame, paper: Paper) -> None:
    table.loc[table.index[[5, 6, 7, 8]], "vertebral_volume_cc"] = 30.0
    assert "rule.most_equal.vertebral_volume_cc" in failed(table, paper)


def _with(paper: Paper, claim_id: str, printed: str) -> Paper:
    claims = tuple(
        replace(claim, printed=Reported(printed)) if claim.id == claim_id else claim for claim in paper.claims
    )
    return replace(paper, claims=claims)


def test_every_claim_can_fail(table: pd.DataFrame, paper: Paper) -> None:
    """A checker that waves one kind of claim through would be silent about its changed number."""
    claims = [replace(claim, printed=Reported("> 9999" if claim.printed.bound else "9999")) for claim in paper.claims]
    failures = verify(table, replace(paper, claims=tuple(claims)))
    assert [failure.claim for failure in failures] == [claim.id for claim in paper.claims]


def test_the_ends_of_an_interval_belong_to_it(table: pd.DataFrame, paper: Paper) -> None:
    mean = Fraction(round(10 * table["vertebral_volume_cc"].sum()), 410)
    assert "table2.vertebral_volume.mean" not in failed(table, _with(paper, "table2.vertebral_volume.mean", "26,1"))
    claim = replace(
        paper["table2.vertebral_volume.mean"],
        printed=Reported("0.5"),
        compute=Compute("percent", "vertebrae", group={"leak": "yes"}),
    )
    # One of a hundred vertebrae is 1%, which 0.5 with one decimal is not, and 1 without decimals is.
    assert 26 < mean < Fraction(2615, 100)
    for printed, holds in (("36.6", True), ("37", True), ("36", False), ("36.5", False)):
        one = replace(paper, claims=(replace(claim, printed=Reported(printed)),))
        assert (verify(table, one) == []) is holds, printed


@pytest.mark.parametrize(
    ("printed", "holds"), [("1", True), ("2", True), ("1.5", True), ("1.4", False), ("1.6", False), ("3", False)]
)
def test_a_standard_deviation_on_the_very_edge_holds(paper: Paper, printed: str, holds: bool) -> None:
    """The values -1.5, 0 and 1.5 have the standard deviation 1.5, the common end of the intervals of 1 and of 2."""
    cells = {"level": "L1", "vertebral_volume_cc": "20", "cement_volume_cc": "1", "leak": "no"}
    rows = pd.DataFrame(
        [
            {"patient_id": str(number), "leak_site": "", "leak_size": "", "odi_pre": value, **cells}
            for number, value in enumerate((-1.5, 0, 1.5))
        ]
    )
    claim = replace(
        paper["table2.cement_volume.sd"],
        printed=Reported(printed),
        compute=Compute("sd", "vertebrae", "odi_pre"),
    )
    assert (verify(rows, replace(paper, grids={}, claims=(claim,))) == []) is holds


def test_the_rank_statistic_is_that_of_scipy() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        first, second = rng.integers(0, 9, 26), rng.integers(0, 9, 15)
        exact = kruskal_statistic([Fraction(int(x)) for x in first], [Fraction(int(x)) for x in second])
        assert float(exact) == pytest.approx(kruskal(first, second).statistic, rel=1e-12)
