"""Scores laid over the patients keep the group statistics, whoever they are laid over."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from vpresearch.core.reported import Reported
from vpresearch.inference import compare
from vpresearch.published import Paper
from vpresearch.reconstruct import NotFoundError
from vpresearch.reconstruct.outcome import Scores, draw_outcomes, list_scores
from vpresearch.reconstruct.targets import Bearers, Skeleton, draw_skeleton, level_counts, target


@pytest.fixture(scope="module")
def scores(paper: Paper) -> dict[str, Scores]:
    return list_scores(paper)


def _patients(paper: Paper) -> Iterator[tuple[np.random.Generator, Skeleton, np.ndarray]]:
    for seed in range(12):
        rng = np.random.default_rng(seed)
        yield rng, draw_skeleton(rng, 27, level_counts(paper)), rng.permutation(np.repeat([0, 1], [26, 15]))


def test_scores_of_any_patients_print_what_the_paper_prints(paper: Paper, scores: dict[str, Scores]) -> None:
    laid = 0
    for rng, skeleton, leak in _patients(paper):
        bearers = Bearers.of(skeleton, leak)
        try:
            outcomes = draw_outcomes(rng, paper, scores, bearers, 2000, 256)
        except NotFoundError:
            continue
        laid += 1
        assert (outcomes["vas_post"] < outcomes["vas_pre"]).all()
        for variable in scores:
            aim, score = target(paper, variable), outcomes[variable][skeleton.patient]
            result = compare(score[leak == 0], score[leak == 1])
            for summary, printed in zip(result.summaries, (aim.no_leak, aim.leak), strict=True):
                assert printed.sd is not None
                assert summary.mean in printed.mean.interval()
                assert summary.sd in printed.sd.interval()
            assert result.tests["kruskal"].p_value in aim.p.interval()
        assert outcomes["vas_post"].mean() in Reported("2,0").interval()
        assert outcomes["vas_1y"].mean() in Reported("1,8").interval()
        assert outcomes["vas_1y"][skeleton.patient].mean() in Reported("1,7").interval()
        assert set(outcomes["odi_1y"] % 2) == {0}
    assert laid > 8


def test_scores_that_fit_nobody_are_not_found(paper: Paper, scores: dict[str, Scores]) -> None:
    # One patient would have to bear all scores of both groups.
    alone = Skeleton(np.zeros(41, dtype=np.int64), np.arange(41))
    bearers = Bearers.of(alone, np.repeat([0, 1], [26, 15]))
    with pytest.raises(NotFoundError):
        draw_outcomes(np.random.default_rng(1), paper, scores, bearers, 20, 4)
