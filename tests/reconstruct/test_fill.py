"""The largest mean fill ratio that the other printed numbers allow, and the dataset that stands for all."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpresearch.core.paths import RECONSTRUCTION
from vpresearch.core.reported import Reported
from vpresearch.data import Dataset
from vpresearch.implied import shipped as ensembles
from vpresearch.published import Paper
from vpresearch.reconstruct import ANY_FILL, ENSEMBLE, attainable, most_mean_fill, read_ensemble, verify
from vpresearch.reconstruct.extreme import SPREAD, _most_mean_fill, eccentricity
from vpresearch.reconstruct.targets import Moments, Target, target, without_fill
from vpresearch.scorecard import judge


def test_no_reconstruction_exceeds_the_bound_and_one_comes_near(paper: Paper) -> None:
    most = most_mean_fill(paper)
    assert most is not None
    greatest = max(
        each.fill_percent.mean(axis=1).max() for each in (*ensembles().values(), *ensembles(ANY_FILL).values())
    )
    assert most - 0.15 < greatest < most < 9.5


def _printed(values: np.ndarray) -> Moments:
    return Moments(len(values), Reported(f"{values.mean():.1f}"), Reported(f"{values.std(ddof=1):.1f}"))


def _aim(variable: str, tenths: np.ndarray, n: int) -> Target:
    values = tenths / 10
    low, high = (Reported(f"{end:.1f}") for end in (values.min(), values.max()))
    first, second, both = (_printed(part) for part in (values[:n], values[n:], values))
    return Target(variable, Fraction(1, 10), first, second, both, low, high, Reported("0.5"), None)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(3, 8), st.integers(3, 8))
def test_no_data_exceed_the_bound_of_what_they_print(seed: int, n: int, others: int) -> None:
    rng = np.random.default_rng(seed)
    volumes, cement = rng.integers(40, 90, n + others), rng.integers(5, 30, n + others)
    most = _most_mean_fill(_aim("vertebral_volume_cc", volumes, n), _aim("cement_volume_cc", cement, n))
    assert most is not None
    # The greatest mean of these very values pairs them in opposite order within each group.
    best = [np.sort(cement[rows])[::-1] / np.sort(volumes[rows]) for rows in (slice(0, n), slice(n, None))]
    assert 100 * np.concatenate(best).mean() <= most + 1e-9


def test_the_bound_moves_with_what_is_printed(paper: Paper) -> None:
    volumes, cement = (target(paper, name) for name in ("vertebral_volume_cc", "cement_volume_cc"))
    most = _most_mean_fill(volumes, cement)
    assert most is not None
    for changed in (
        replace(volumes, leak=replace(volumes.leak, sd=Reported("5.8"))),
        replace(volumes, minimum=Reported("17.0")),
        replace(volumes, no_leak=replace(volumes.no_leak, mean=Reported("27.4")), pooled=None),
    ):
        lower = _most_mean_fill(changed, cement)
        assert lower is not None
        assert lower < most
    # Nothing excludes numbers that no data have: the bound says nothing of them.
    assert _most_mean_fill(replace(volumes, no_leak=replace(volumes.no_leak, mean=Reported("45.0"))), cement) is None


def test_a_mean_on_the_edge_says_so(paper: Paper, shipped: Dataset) -> None:
    claim = paper["results.fill_ratio.mean"]
    (note,) = [note for note in judge(paper, claim, shipped).reasons if note.code == "near_the_edge"]
    assert note.values == {"most": 9.29, "low": 8.5, "printed": "9%"}
    roomy = replace(claim, printed=Reported("8%"))
    assert not [note for note in judge(paper, roomy, shipped).reasons if note.code == "near_the_edge"]


def test_datasets_without_the_fill_satisfy_everything_else(paper: Paper) -> None:
    free = without_fill(paper)
    assert len(paper.claims) - len(free.claims) == 1
    drawn, extreme = ensembles(ANY_FILL).values()
    for ensemble, numbers in ((drawn, (0, 250, 499)), (extreme, range(len(extreme)))):
        assert all(verify(ensemble.table(number), free, attainable(free)) == [] for number in numbers)
    means = drawn.fill_percent.mean(axis=1)
    assert means.max() < 8.5


def test_the_shipped_dataset_is_the_one_in_the_middle() -> None:
    record = json.loads(RECONSTRUCTION.with_name("vertebrae.provenance.json").read_text(encoding="utf-8"))
    ensemble = read_ensemble(ENSEMBLE)
    assert (record["ensemble"], record["of"]) == (ENSEMBLE.name, len(ensemble))
    table = ensemble.table(record["number"] - 1)
    assert table.to_csv(index=False, lineterminator="\n") == RECONSTRUCTION.read_text(encoding="utf-8")
    distance = np.zeros(len(ensemble))
    for statistic in SPREAD.values():
        values = statistic(ensemble)
        reach = np.subtract(*np.percentile(values, (75, 25)))
        distance += abs(values - np.median(values)) / (reach if reach else 1)
    assert distance.argmin() == record["number"] - 1
    assert eccentricity(ensemble) == pytest.approx(distance, abs=1e-8)
