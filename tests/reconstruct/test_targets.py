"""What the searches aim at is what the paper prints."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from vpresearch.core.reported import Reported
from vpresearch.published import Paper
from vpresearch.reconstruct.targets import Moments, attainable, target


def test_target_of_the_volume(paper: Paper) -> None:
    aim = target(paper, "vertebral_volume_cc")
    assert (aim.variable, aim.step, aim.most_equal) == ("vertebral_volume_cc", Fraction(1, 10), 3)
    assert aim.no_leak == Moments(26, Reported("27,0"), Reported("5,9"))
    assert aim.leak == Moments(15, Reported("24,5"), Reported("5,9"))
    assert aim.pooled == Moments(41, Reported("26,1"), Reported("6,0"))
    assert (aim.minimum, aim.maximum) == (Reported("15,6"), Reported("38,1"))
    assert aim.ends == (156, 381)


def test_target_of_the_cement(paper: Paper) -> None:
    aim = target(paper, "cement_volume_cc")
    assert (aim.ends, aim.most_equal, aim.p) == ((10, 40), None, Reported("0,267"))
    assert aim.pooled == Moments(41, Reported("2,0"), Reported("0,8"))


def test_target_of_a_score_has_no_pooled_statistics_of_vertebrae(paper: Paper) -> None:
    aim = target(paper, "vas_post")
    assert (aim.pooled, aim.minimum, aim.maximum) == (None, None, None)
    assert (aim.no_leak.mean, aim.leak.sd, aim.p) == (Reported("2,0"), Reported("1,9"), Reported("0,279"))
    with pytest.raises(KeyError, match="vas_post"):
        _ = aim.ends


@pytest.mark.parametrize(
    ("printed", "aimed"), [("0,466", "0,465"), ("0,470", "0,472"), ("0,267", "0,267"), ("0,200", "0,200")]
)
def test_an_unattainable_p_is_replaced_by_the_nearest_one(paper: Paper, printed: str, aimed: str) -> None:
    claim = replace(paper["table3.vertebral_volume.p"], printed=Reported(printed))
    claims = tuple(claim if other.id == claim.id else other for other in paper.claims)
    assert target(replace(paper, claims=claims), "vertebral_volume_cc").p == Reported(aimed)


def test_only_the_volume_p_is_aimed_at_elsewhere(paper: Paper) -> None:
    assert attainable(paper) == {"table3.vertebral_volume.p": Reported("0,465")}


@pytest.mark.parametrize("left_out", ["table3.cement_volume.leak.mean", "table3.cement_volume.p"])
def test_a_number_that_is_not_printed_is_named(paper: Paper, left_out: str) -> None:
    claims = tuple(claim for claim in paper.claims if claim.id != left_out)
    with pytest.raises(KeyError, match=r"does not print the (mean|p) of cement_volume_cc"):
        target(replace(paper, claims=claims), "cement_volume_cc")


def test_an_sd_that_is_not_printed_is_not_aimed_at(paper: Paper) -> None:
    claims = tuple(claim for claim in paper.claims if claim.id != "table3.cement_volume.leak.sd")
    assert target(replace(paper, claims=claims), "cement_volume_cc").leak.sd is None
