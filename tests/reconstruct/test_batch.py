"""Statistics of many candidates at once against the ones that are held against R."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.stats import rankdata

from vpresearch.core.reported import Reported
from vpresearch.inference import kruskal, shapiro_wilk
from vpresearch.inference.describe import summarise
from vpresearch.reconstruct.anneal import ExcessRange, ShapiroW, mean_and_sd, rank_excess, sums, tie_sum

_ROWS = np.random.default_rng(1).integers(1, 11, (200, 41))
_NO_LEAK, _LEAK = _ROWS[:, :26], _ROWS[:, 26:]


def test_means_and_sds() -> None:
    means, sds = mean_and_sd(41, *sums(_ROWS))
    summaries = [summarise(row) for row in _ROWS]
    assert means == pytest.approx(np.array([summary.mean for summary in summaries]), rel=1e-12)
    assert sds == pytest.approx(np.array([summary.sd for summary in summaries]), rel=1e-12)


def test_excess_of_the_rank_sum() -> None:
    sums = np.array([rankdata(row)[:26].sum() for row in _ROWS])
    assert rank_excess(_NO_LEAK, _LEAK).tolist() == (2 * (sums - 26 * 42 / 2)).tolist()


@pytest.mark.parametrize("most", [1, 2, 10, 1000])
def test_sum_over_ties(most: int) -> None:
    rows = np.random.default_rng(2).integers(0, most, (50, 17))
    expected = [sum(count**3 - count for count in Counter(row.tolist()).values()) for row in rows]
    assert tie_sum(rows).tolist() == expected


@pytest.mark.parametrize("printed", ["0,0", "0,1", "0,3", "0,9", "1,0", "<0,05", ">0,05"])
def test_excesses_in_range_are_those_whose_p_prints_so(printed: str) -> None:
    p = Reported(printed)
    least, most = ExcessRange(p, 41, 26)(tie_sum(_ROWS))
    excess = abs(rank_excess(_NO_LEAK, _LEAK))
    in_range = (least <= excess) & (excess <= most)
    prints = [kruskal(first, second).p_value in p.interval() for first, second in zip(_NO_LEAK, _LEAK, strict=True)]
    assert in_range.tolist() == prints
    assert any(prints)


@pytest.mark.parametrize("n", [5, 15, 26])
def test_w_and_its_critical_value(n: int) -> None:
    rows = np.random.default_rng(3).integers(1, 40, (300, n))
    rows[0] = 7
    w = ShapiroW(n, 0.045)
    results = [shapiro_wilk(row) for row in rows]
    assert w(rows)[1:] == pytest.approx(np.array([result.w for result in results[1:]]), rel=1e-9)
    assert w(rows)[0] < w.critical
    assert (w(rows)[1:] < w.critical).tolist() == [result.p_value < 0.045 for result in results[1:]]
