"""What printed numbers imply of others: never more than holds in data that print so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpresearch.audit import implied_by
from vpresearch.core.reported import Reported
from vpresearch.data import Dataset
from vpresearch.published import Claim, Compute, Kind
from vpresearch.scorecard import compute

_KINDS: dict[str, Kind] = {"n": "count", "percent": "percentage", "mean": "mean", "p": "p"}
_V = "vertebrae"


def _claim(spec: Compute, printed: str, name: str = "asked") -> Claim:
    return Claim(name, Reported(printed), _KINDS.get(spec.statistic, "verbal"), (), spec)


def _of(spec: Compute, *printed: tuple[Compute, str], bound: str = "> 0") -> list[str]:
    """Which of some printed numbers imply a bound, by their places."""
    known = [_claim(each, text, str(number)) for number, (each, text) in enumerate(printed)]
    return [claim.id for claim in implied_by(_claim(spec, bound), known)]


def _n(**group: str) -> Compute:
    return Compute("n", _V, group=group)


_SHARE = Compute("percent", _V, group={"leak_site": "disc"}, within={"leak": "yes"})
_LEAD = Compute("lead", _V, group={"level": "L1"}, within={"region": "lumbar"})
_DIFFERENCE = Compute("difference", _V, "vas_pre", group={"leak": "yes"}, minus={"leak": "no"})
_MEANS = [Compute("mean", _V, "vas_pre", group={"leak": leak}) for leak in ("yes", "no")]


@pytest.mark.parametrize(
    ("bound", "expected"),
    [("> 39%", ["0", "1"]), ("> 40%", []), ("40%", ["0", "1"]), ("41%", []), ("< 41%", ["0", "1"])],
)
def test_a_share_follows_from_counts(bound: str, expected: list[str]) -> None:
    assert _of(_SHARE, (_n(leak_site="disc"), "6"), (_n(leak="yes"), "15"), bound=bound) == expected


def test_a_share_of_everybody_is_out_of_those_whose_answer_is_known() -> None:
    spec = Compute("percent", _V, group={"cause": "osteoporosis"})
    told = [(_n(cause="osteoporosis"), "20"), (Compute("n", _V), "40")]
    assert _of(spec, *told, bound="> 49%") == ["0", "1"]
    assert _of(spec, *told, bound="< 51%") == []


@pytest.mark.parametrize(
    ("others", "whole", "implied"),
    [
        # What no count tells of is at most the rest of the whole.
        (["3"], "12", True),
        (["3"], "13", True),
        (["3"], "15", False),
        (["6"], "12", False),
        (["3", "2"], "17", False),
        (["3", "3"], "16", True),
    ],
)
def test_a_lead_follows_from_counts_and_the_rest(others: list[str], whole: str, implied: bool) -> None:
    told = [(_n(level=f"L{number}"), n) for number, n in enumerate(others, 2)]
    told += [(_n(level="L1"), "6"), (_n(region="lumbar"), whole)]
    assert bool(_of(_LEAD, *told)) == implied


def test_levels_of_the_other_region_do_not_count() -> None:
    told = [(_n(level="L1"), "6"), (_n(region="lumbar"), "8")]
    assert _of(_LEAD, *told, (_n(level="T12"), "9")) == ["0", "1"]
    spec = replace(_LEAD, within={})
    assert _of(spec, *told, (_n(level="T12"), "9"), (Compute("n", _V), "17"), bound="< 0") == ["0", "2"]


def test_a_lead_among_patients_of_several_levels_is_left_open() -> None:
    def of(over: str) -> list[str]:
        spec, counts = (
            replace(each, over=over) for each in (Compute("lead", "patients", group={"level": "L1"}), _n(level="L1"))
        )
        return _of(spec, (counts, "6"), (Compute("n", over), "7"))

    assert of(_V) == ["0", "1"]
    assert of("patients") == []


@pytest.mark.parametrize(
    ("printed", "bound", "implied"),
    [
        (("2,5", "2,0"), "> 0", True),
        (("2,1", "2,0"), "> 0", False),  # both may be 2.05
        (("2,2", "2,0"), "> 0", True),
        (("2,5", "2,0"), "0,5", False),
        (("2,50", "2,00"), "0,5", True),
        (("2,0", "2,5"), "> 0", False),
    ],
)
def test_a_difference_follows_from_means(printed: tuple[str, str], bound: str, implied: bool) -> None:
    told = list(zip(_MEANS, printed, strict=True))
    assert _of(_DIFFERENCE, *told, bound=bound) == (["0", "1"] if implied else [])
    assert _of(_DIFFERENCE, told[0], bound=bound) == []


def test_a_smallest_p_follows_from_every_p() -> None:
    spec = Compute("smallest_p", _V, variables=("vas_pre", "vas_post"))
    told = [(Compute("p", _V, name), p) for name, p in (("vas_pre", "0,30"), ("vas_post", "0,06"), ("vas_1m", "0,01"))]
    assert _of(spec, *told, bound="> 0,05") == ["0", "1"]
    assert _of(spec, *told, bound="> 0,06") == []
    assert _of(spec, told[0], told[2], bound="> 0,05") == []
    # One of them below is enough.
    assert _of(spec, *told, bound="< 0,07") == ["1"]


def test_numbers_that_contradict_one_another_imply_nothing() -> None:
    counts = [(_n(leak_site="disc"), "6"), (_n(leak_site="disc"), "9"), (_n(leak="yes"), "15")]
    assert _of(_SHARE, *counts, bound="> 39%") == []


def test_a_number_does_not_imply_itself() -> None:
    claim = _claim(_n(leak="yes"), "15")
    assert implied_by(claim, [claim]) == ()


def _specs() -> list[Compute]:
    levels, regions = ("T8", "T12", "L1", "L2", "L5"), ("thoracic", "lumbar")
    groups: list[dict[str, str]] = [
        {},
        *({"leak": leak} for leak in ("yes", "no")),
        *({"leak_site": site} for site in ("disc", "vascular")),
    ]
    groups += [*({"level": level} for level in levels), *({"region": region} for region in regions)]
    return [
        *(Compute("n", _V, group=group) for group in groups),
        *(Compute("percent", _V, group=group) for group in groups[1:]),
        *(Compute("percent", _V, group=group, within={"leak": "yes"}) for group in groups[1:]),
        *(Compute("mean", _V, "vas_1m", group=group) for group in groups),
        *(Compute("difference", _V, "vas_1m", group=one, minus=other) for one in groups for other in groups[:3]),
        *(Compute("lead", _V, group={"level": one}, within={"region": other}) for one in levels for other in regions),
        *(Compute("lead", _V, group={"level": level}) for level in levels),
    ]  # fmt: skip


_SPECS = _specs()


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(st.integers(0, 40), min_size=2, max_size=41), decimals=st.integers(0, 2), seed=st.integers(0, 99))
def test_what_is_implied_holds_in_data_that_print_so(
    shipped: Dataset, rows: Sequence[int], decimals: int, seed: int
) -> None:
    """Numbers printed of a few vertebrae, taken again and again: no bound that they do not keep is implied."""
    study = replace(shipped, vertebrae=shipped.vertebrae.iloc[list(rows)].reset_index(drop=True))
    rng = np.random.default_rng(seed)
    values = {place: compute(spec, study).value for place, spec in enumerate(_SPECS)}
    values = {place: value for place, value in values.items() if value == value}
    known = [
        _claim(spec, f"{values[place]:.{0 if spec.statistic == 'n' else decimals}f}", str(place))
        for place, spec in enumerate(_SPECS)
        if place in values and spec.statistic in _KINDS and rng.random() < 0.5
    ]
    for place in rng.choice(list(values), 15):
        bound = rng.choice(["<", ">"])
        limit = values[place] + rng.choice([0, 0.4, -0.4, 3, -3])
        asked = _claim(_SPECS[place], f"{bound} {limit:.6f}")
        parents = implied_by(asked, known)
        if parents:
            assert values[place] in asked.printed.interval()
            assert all(implied_by(asked, [each for each in parents if each is not one]) == () for one in parents)
