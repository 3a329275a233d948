"""Patients and their treated levels."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpresearch.core.dictionary import columns
from vpresearch.published import Paper
from vpresearch.reconstruct.targets import LEVELS, Bearers, Skeleton, draw_skeleton

_PAPER = {"T8": 2, "T9": 2, "T11": 3, "T12": 4, "L1": 12, "L2": 6, "L3": 4, "L4": 5, "L5": 3}


def test_levels_are_those_of_the_dictionary() -> None:
    assert list(LEVELS) == [level.value for level in columns()["level"].levels]


@pytest.mark.parametrize("seed", range(8))
def test_levels_of_the_paper_are_dealt_whole(paper: Paper, seed: int) -> None:
    skeleton = draw_skeleton(np.random.default_rng(seed), 27, _PAPER)
    assert (skeleton.n_patients, len(skeleton.patient), len(skeleton.level)) == (27, 41, 41)
    assert Counter(LEVELS[level] for level in skeleton.level) == _PAPER
    sizes = np.bincount(skeleton.patient)
    assert sizes.min() >= 1
    assert 1 < sizes.max() <= 5
    pairs = list(zip(skeleton.patient.tolist(), skeleton.level.tolist(), strict=True))
    assert pairs == sorted(set(pairs))


@settings(max_examples=60)
@given(data=st.data())
def test_any_levels_that_fit_are_dealt(data: st.DataObject) -> None:
    n_patients = data.draw(st.integers(1, 12))
    # Some level is there for everyone, so there are never fewer vertebrae than patients.
    levels = data.draw(st.dictionaries(st.sampled_from(LEVELS), st.integers(0, n_patients), max_size=4))
    counts = {**levels, "L1": n_patients}
    skeleton = draw_skeleton(np.random.default_rng(data.draw(st.integers(0, 99))), n_patients, counts)
    dealt = Counter(LEVELS[level] for level in skeleton.level)
    assert dealt == Counter({level: count for level, count in counts.items() if count})
    assert len(set(zip(skeleton.patient.tolist(), skeleton.level.tolist(), strict=True))) == len(skeleton.level)
    assert skeleton.n_patients == n_patients


def test_levels_treated_together_are_near_one_another() -> None:
    gaps = []
    for seed in range(20):
        skeleton = draw_skeleton(np.random.default_rng(seed), 27, _PAPER)
        same = skeleton.patient[1:] == skeleton.patient[:-1]
        gaps += np.diff(skeleton.level)[same].tolist()
    # Dealt at random they would be 2.8 levels apart.
    assert np.mean(gaps) < 2.2


def test_the_same_generator_deals_the_same() -> None:
    first, again, other = (draw_skeleton(np.random.default_rng(seed), 27, _PAPER) for seed in (5, 5, 6))
    assert (first.level == again.level).all()
    assert (first.patient == again.patient).all()
    assert (first.level != other.level).any()


@pytest.mark.parametrize(("n_patients", "counts"), [(3, {"L1": 2}), (2, {"L1": 3}), (1, {})])
def test_levels_that_do_not_fit_the_patients(n_patients: int, counts: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        draw_skeleton(np.random.default_rng(1), n_patients, counts)


def test_vertebrae_that_bear_a_patients_value() -> None:
    skeleton = Skeleton(np.array([0, 0, 0, 1, 2, 2]), np.array([3, 4, 5, 3, 3, 4]))
    bearers = Bearers.of(skeleton, np.array([1, 0, 1, 0, 1, 1]))
    assert bearers.no_leak.tolist() == [1, 1, 0]
    assert bearers.leak.tolist() == [2, 0, 2]
    assert bearers.all.tolist() == [3, 1, 2]
