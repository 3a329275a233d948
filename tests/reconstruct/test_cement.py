"""Cement keeps its printed statistics, and its pairing with the volumes the printed mean fill ratio."""

from __future__ import annotations

import numpy as np
import pytest

from vpresearch.core.reported import Reported
from vpresearch.inference import compare
from vpresearch.published import Paper
from vpresearch.reconstruct import NotFoundError
from vpresearch.reconstruct.anneal import Schedule
from vpresearch.reconstruct.targets import target
from vpresearch.reconstruct.volumes import draw_cement, pair

_RNG = np.random.default_rng(1)
_VOLUMES = _RNG.integers(156, 382, 41)
_LEAK = np.repeat([0, 1], [26, 15])[_RNG.permutation(41)]
_POOL = _RNG.integers(10, 41, 41)


@pytest.mark.parametrize(
    "schedule",
    [
        Schedule(hot=1.0, cold=0.05, steps=6000, pull=0.0, local=False),
        Schedule(hot=0.4, cold=0.1, steps=8000, pull=0.3, local=True),
    ],
    ids=["plain", "local"],
)
def test_every_pool_prints_what_the_paper_prints(paper: Paper, schedule: Schedule) -> None:
    aim = target(paper, "cement_volume_cc")
    pools = draw_cement(np.random.default_rng(1), aim, 64, schedule, enough=2) / 10
    assert len(pools) == 2
    for pool in pools:
        comparison = compare(pool[:26], pool[26:])
        for summary, printed in zip(comparison.summaries, (aim.no_leak, aim.leak), strict=True):
            assert printed.sd is not None
            assert summary.mean in printed.mean.interval("half-up")
            assert summary.sd in printed.sd.interval("half-up")
        assert (pool.min(), pool.max()) == (1, 4)
        assert comparison.chosen == "kruskal"
        assert comparison.result.p_value in aim.p.interval()


@pytest.mark.parametrize("printed", ["11%", "11,6%", "10,00%", "10,73%"])
def test_a_pairing_holds_the_printed_mean_and_the_pool_of_each_group(printed: str) -> None:
    cement = pair(np.random.default_rng(2), _POOL, _VOLUMES, _LEAK, Reported(printed), swaps=1000)
    assert float((100 * cement / _VOLUMES).mean()) in Reported(printed).interval("half-up")
    assert sorted(cement[_LEAK == 0]) == sorted(_POOL[:26])
    assert sorted(cement[_LEAK == 1]) == sorted(_POOL[26:])


def test_a_pairing_is_drawn_and_not_fixed() -> None:
    first, again, other = (
        pair(np.random.default_rng(seed), _POOL, _VOLUMES, _LEAK, Reported("11%"), swaps=300) for seed in (3, 3, 4)
    )
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize("printed", ["2%", "9,9%", "11,8%", "15%"])
def test_a_mean_that_no_pairing_reaches_is_not_found(printed: str) -> None:
    with pytest.raises(NotFoundError):
        pair(np.random.default_rng(2), _POOL, _VOLUMES, _LEAK, Reported(printed), swaps=1000)
