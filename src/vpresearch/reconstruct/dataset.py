"""Whole datasets that satisfy a paper's printed numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from vpresearch.core.errors import failure
from vpresearch.data import RECONSTRUCTED_ID_PREFIX
from vpresearch.inference import ALPHA, shapiro_wilk
from vpresearch.published import Claim, Paper
from vpresearch.reconstruct.anneal import Ints, NotFoundError, Schedule
from vpresearch.reconstruct.outcome import draw_outcomes, list_scores
from vpresearch.reconstruct.targets import (
    LEVELS,
    Bearers,
    Skeleton,
    draw_events,
    draw_leak_kinds,
    draw_people,
    draw_skeleton,
    level_counts,
    printed_count,
    printed_fill,
    target,
)
from vpresearch.reconstruct.volumes import draw_cement, draw_volumes, pair

_ATTEMPTS = 50


@dataclass(frozen=True)
class _Search:
    """How datasets are searched for: schedules, swaps that mix a pairing, layouts of the scores in all and at once."""

    volumes: Schedule
    cement: Schedule
    swaps: int
    layouts: int
    at_once: int


# A block wants every chain to arrive; a single dataset only the first of its chains, which a plain search does faster.
_PLAIN = Schedule(hot=1.0, cold=0.05, steps=6000, pull=0.0, local=False)
_ONE, _CHAINS_OF_ONE = _Search(_PLAIN, _PLAIN, swaps=1000, layouts=2000, at_once=1), 64
_MANY = _Search(
    Schedule(hot=0.3, cold=0.02, steps=8000, pull=0.3, local=False),
    Schedule(hot=0.4, cold=0.1, steps=8000, pull=0.3, local=True),
    swaps=300,
    layouts=6000,
    at_once=256,
)


@dataclass(frozen=True)
class Reconstruction:
    """A dataset made to satisfy published statistics, and how it came about."""

    table: pd.DataFrame
    origin: Mapping[str, str | int]


def reconstruct(paper: Paper, seed: int) -> Reconstruction:
    """Make a dataset that satisfies a paper's printed numbers: the same for the same paper, seed and version of numpy.

    Where no draw comes out whole, it raises ``NotFoundError``, which proves nothing.
    """
    for attempt, child in enumerate(np.random.SeedSequence(seed).spawn(_ATTEMPTS), start=1):
        rng = np.random.default_rng(child)
        # One skeleton in every chain, and the first to arrive is taken: a block of one dataset.
        skeletons = [_skeleton(rng, paper)] * _CHAINS_OF_ONE
        table = next(_draw(rng, paper, skeletons, _ONE, enough=1), None)
        if table is not None:
            return Reconstruction(table, {"seed": seed, "attempts": attempt})
    raise failure("no_draw", NotFoundError, n=_ATTEMPTS, paper=paper.key)


def draw_block(paper: Paper, seed: int, block: int, size: int) -> list[pd.DataFrame]:
    """Make many datasets at once, each with a skeleton of its own."""
    # A key of two numbers: no generator of ``reconstruct`` has one.
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0, block)))
    skeletons = [_skeleton(rng, paper) for _ in range(size)]
    return list(_draw(rng, paper, skeletons, _MANY, enough=size))


def targeted(claim: Claim) -> bool:
    """Return whether the reconstruction aims at a claim; the others are implied by these, or left to chance."""
    return claim.kind != "verbal" or (claim.compute.statistic in {"n", "percent"} and not claim.printed.bound)


def _skeleton(rng: np.random.Generator, paper: Paper) -> Skeleton:
    return draw_skeleton(rng, printed_count(paper, over="patients"), level_counts(paper))


def _draw(
    rng: np.random.Generator, paper: Paper, skeletons: Sequence[Skeleton], search: _Search, enough: int
) -> Iterator[pd.DataFrame]:
    """Search volumes and cement for all skeletons at once, and finish one dataset after the other."""
    chains, volumes, leaks = draw_volumes(rng, target(paper, "vertebral_volume_cc"), skeletons, search.volumes, enough)
    if not len(chains):
        return
    pools = draw_cement(rng, target(paper, "cement_volume_cc"), len(skeletons), search.cement, len(chains))
    scores = list_scores(paper)
    for chain, volume, leak, pool in zip(chains, volumes, leaks, pools, strict=False):
        skeleton = skeletons[chain]
        try:
            cement = pair(rng, pool, volume, leak, printed_fill(paper), search.swaps)
            outcomes = draw_outcomes(rng, paper, scores, Bearers.of(skeleton, leak), search.layouts, search.at_once)
            _refuse_normal_scores(skeleton, leak, {variable: outcomes[variable] for variable in scores})
        except NotFoundError:
            continue
        yield _assemble(rng, paper, skeleton, volume, leak, cement, outcomes)


def _refuse_normal_scores(skeleton: Skeleton, leak: Ints, scores: dict[str, Ints]) -> None:
    for of_patient in scores.values():
        score = of_patient[skeleton.patient]
        # The protocol takes the rank test unless both groups look normal.
        if all(shapiro_wilk(score[leak == value]).p_value >= ALPHA for value in (0, 1)):
            raise NotFoundError


def _assemble(
    rng: np.random.Generator,
    paper: Paper,
    skeleton: Skeleton,
    volumes: Ints,
    leak: Ints,
    cement: Ints,
    outcomes: dict[str, Ints],
) -> pd.DataFrame:
    patient = skeleton.patient
    width = len(str(skeleton.n_patients))
    table: dict[str, Any] = {"patient_id": [f"{RECONSTRUCTED_ID_PREFIX}{number + 1:0{width}d}" for number in patient]}
    table |= {name: values[patient] for name, values in draw_people(rng, paper, skeleton).items()}
    table["level"] = np.array(LEVELS)[skeleton.level]
    table["vertebral_volume_cc"] = volumes / 10
    table["cement_volume_cc"] = cement / 10
    table["leak"] = np.where(leak == 1, "yes", "no")
    table |= draw_leak_kinds(rng, paper, leak)
    table |= {name: values[patient] for name, values in outcomes.items()}
    table |= draw_events(rng, paper, skeleton)
    return pd.DataFrame(table)
