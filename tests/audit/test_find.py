"""Printed numbers looked up by what they are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vpresearch.audit import find
from vpresearch.published import Paper


@pytest.mark.parametrize(
    ("statistic", "variable", "group", "claim_id"),
    [
        ("n", None, {"leak": "yes"}, "results.leaks.n"),
        ("n", None, {"sex": "F"}, "cohort.women.n"),
        ("mean", "cement_volume_cc", {"leak": "yes"}, "table3.cement_volume.leak.mean"),
        ("mean", "cement_volume_cc", None, "table2.cement_volume.mean"),
        ("mean", "cement_volume_cc", {}, "table2.cement_volume.mean"),
        ("sd", "cement_volume_cc", None, "table2.cement_volume.sd"),
        ("max", "vertebral_volume_cc", {"level": "L5"}, "results.vertebral_volume.L5.max"),
        ("p", "vas_1m", None, "table4.vas_1m.p"),
        ("percent", None, {"region": "lumbar"}, "cohort.lumbar.percent"),
    ],
)
def test_a_number_is_found(
    paper: Paper, statistic: str, variable: str | None, group: dict[str, str] | None, claim_id: str
) -> None:
    assert find(paper, statistic, variable, group) is paper[claim_id]


def test_the_number_with_most_decimals_is_taken(paper: Paper) -> None:
    turned = replace(paper, claims=paper.claims[::-1])
    for either in (paper, turned):
        claim = find(either, "mean", "vertebral_volume_cc", {"leak": "no"})
        assert claim is paper["table3.vertebral_volume.no_leak.mean"]
    assert (
        paper["results.vertebral_volume.no_leak.mean"].compute == paper["table3.vertebral_volume.no_leak.mean"].compute
    )


@pytest.mark.parametrize(
    ("statistic", "variable", "group"),
    [
        ("median", "vas_pre", None),
        ("mean", "odi_post", None),
        ("mean", "vas_1y", {"leak": "yes"}),
        ("n", None, {"leak": "perhaps"}),
        # Only as a verbal claim.
        ("lead", None, {"level": "L1"}),
        ("percent", None, {"leak_site": "vascular"}),
    ],
)
def test_what_is_not_printed_is_not_found(
    paper: Paper, statistic: str, variable: str | None, group: dict[str, str] | None
) -> None:
    assert find(paper, statistic, variable, group) is None
