"""Volumes and leaks found together keep what is printed of them, and the bound on coincidences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vpresearch.inference import compare
from vpresearch.published import Paper
from vpresearch.reconstruct.anneal import Schedule
from vpresearch.reconstruct.targets import draw_skeleton, level_counts, target
from vpresearch.reconstruct.volumes import draw_volumes


def test_volumes_that_may_not_coincide_at_all(paper: Paper) -> None:
    rng = np.random.default_rng(1)
    skeleton = draw_skeleton(rng, 27, level_counts(paper))
    aim = replace(target(paper, "vertebral_volume_cc"), most_equal=1)
    schedule = Schedule(hot=1.0, cold=0.05, steps=6000, pull=0.0, local=False)
    chains, volumes, leaks = draw_volumes(rng, aim, [skeleton] * 64, schedule, enough=1)
    assert (len(chains), volumes.shape, leaks.shape) == (1, (1, 41), (1, 41))
    assert len(np.unique(volumes)) == 41
    assert (int(volumes.min()), int(volumes.max())) == aim.ends
    comparison = compare(volumes[leaks == 0] / 10, volumes[leaks == 1] / 10)
    assert [summary.n for summary in comparison.summaries] == [26, 15]
    assert comparison.summaries[0].mean in aim.no_leak.mean.interval("half-up")
    assert comparison.summaries[1].mean in aim.leak.mean.interval("half-up")
    assert comparison.chosen == "kruskal"
    assert comparison.result.p_value in aim.p.interval()
