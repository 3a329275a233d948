"""The design simulation in blocks: those that the committed file was made of, and never one of them twice."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import skew

from vpresearch import cli
from vpresearch.core.paths import BUILD, SIMULATION
from vpresearch.data import Dataset
from vpresearch.parallel import InPlace
from vpresearch.regression import simulation
from vpresearch.regression.models import leak_design
from vpresearch.regression.simulation import (
    BLOCK,
    NORMAL,
    SINGLE,
    SKEWED,
    TRUTHS,
    Drawn,
    Plan,
    Results,
    batched_results,
    draw,
    marginal_slope,
    plan_of,
    simulate,
    summarise,
    work,
)

_BATCHED = list(batched_results(draw(TRUTHS[0], 2, 0), 0.0))
_PARTS = 1 + len(SINGLE)


@pytest.mark.long
def test_the_quick_methods_are_those_of_the_committed_file() -> None:
    rows = pd.read_csv(SIMULATION, dtype=str).to_dict("records")
    committed = {(row.pop("fills"), row.pop("method")): row for row in rows}
    for plan in (NORMAL, SKEWED):
        n = int(committed[plan.fills, "ml:LR"]["n"])
        by_truth = [
            np.concatenate(
                [
                    work("batched", place, number, 0, BLOCK, marginal_slope(truth, plan), plan)
                    for number in range(n // BLOCK)
                ],
                axis=2,
            )
            for place, truth in enumerate(TRUTHS)
        ]
        for method, nulls, others in zip(_BATCHED, *by_truth, strict=True):
            row = summarise(Results(*nulls), Results(*others))
            shown = {name: f"{value:.6g}" for name, value in row.items()}
            assert shown == committed[plan.fills, method]


def test_a_study_is_simulated_at_its_own_sizes_with_fills_as_skewed_as_a_ratio(shipped: Dataset) -> None:
    study = leak_design(shipped.rows)
    plan = plan_of(study)
    assert (len(plan.sizes), sum(plan.sizes), plan.fills) == (27, 41, "lognormal")
    drawn = draw(TRUTHS[0], 2000, 1, plan)
    assert drawn.fill_percent.shape == (2000, 41)
    assert np.bincount(np.bincount(drawn.cluster)).tolist() == np.bincount(np.bincount(study.cluster)).tolist()
    fill = study.x[:, 1]
    assert drawn.fill_percent.mean() == pytest.approx(fill.mean(), rel=0.02)
    assert drawn.fill_percent.std() == pytest.approx(fill.std(ddof=1), rel=0.05)
    assert skew(drawn.fill_percent.ravel()) > 1 > abs(skew(draw(TRUTHS[0], 2000, 1).fill_percent.ravel()))


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int, int], Drawn]:
    """The datasets that a method sees of a block, by truth, number and seed."""
    seen: list[Drawn] = []

    def look(drawn: Drawn, *_: object) -> np.ndarray[Any, Any]:
        seen.append(drawn)
        return np.zeros((3, 4))

    def drawn(truth: int, number: int, seed: int) -> Drawn:
        work("exact:exact", truth, number, seed, 4, 0.0)
        return seen[-1]

    monkeypatch.setattr(simulation, "single_results", look)
    return drawn


@pytest.mark.parametrize(("truth", "number"), [(0, 0), (0, 19), (1, 0), (1, 999)])
def test_the_slow_methods_see_the_datasets_of_the_committed_file(
    truth: int, number: int, drawn: Callable[[int, int, int], Drawn]
) -> None:
    # As the file was made: a plain number for every block.
    expected, found = draw(TRUTHS[truth], 4, 1000 * truth + number), drawn(truth, number, 0)
    assert np.array_equal(found.fill_percent, expected.fill_percent)
    assert np.array_equal(found.leak, expected.leak)


def test_no_two_blocks_have_the_same_datasets(drawn: Callable[[int, int, int], Drawn]) -> None:
    blocks = list(product((0, 1), (0, 1, 999, 1000, 1999, 2000), (0, 1, 7)))
    assert len({drawn(*block).fill_percent.tobytes() for block in blocks}) == len(blocks)


# -- finished blocks ---------------------------------------------------------------------------------------------


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What was worked on, by work that takes no time and depends on its task."""
    tasks: list[tuple[Any, ...]] = []

    def fake(part: str, truth: int, number: int, seed: int, block: int, *_: object) -> Any:
        tasks.append((part, truth, number, seed))
        rng = np.random.default_rng((len(part), truth, number, seed))
        return rng.integers(0, 2, (len(_BATCHED) if part == "batched" else 1, 3, block)).astype(float)

    monkeypatch.setattr(simulation, "work", fake)
    monkeypatch.setattr(simulation, "marginal_slope", lambda truth, _: 0.6 * truth.slope)
    monkeypatch.setattr(simulation, "FEWER", {})
    return tasks


def test_what_is_finished_is_not_done_again(done: list[tuple[Any, ...]], tmp_path: Path) -> None:
    first = simulate(5, 1, InPlace(), kept=tmp_path, block=2)
    assert len(done) == len(set(done)) == 3 * 2 * _PARTS
    assert first["method"].tolist() == [*_BATCHED, *SINGLE]
    assert set(first["n"]) == {5}
    assert simulate(5, 1, InPlace(), kept=tmp_path, block=2).equals(first)
    assert len(done) == 3 * 2 * _PARTS
    # More datasets begin with the same blocks.
    simulate(8, 1, InPlace(), kept=tmp_path, block=2)
    assert len(done) == len(set(done)) == 4 * 2 * _PARTS


def test_a_run_that_was_cut_short_goes_on(
    done: list[tuple[Any, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = simulate(4, 1, InPlace(), block=2)
    fake, left = simulation.work, 7
    done.clear()

    def interrupted(*task: Any) -> Any:
        if len(done) == left:
            raise KeyboardInterrupt
        return fake(*task)

    monkeypatch.setattr(simulation, "work", interrupted)
    with pytest.raises(KeyboardInterrupt):
        simulate(4, 1, InPlace(), kept=tmp_path, block=2)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == left
    monkeypatch.setattr(simulation, "work", fake)
    assert simulate(4, 1, InPlace(), kept=tmp_path, block=2).equals(whole)
    assert len(done) == len(set(done)) == 2 * 2 * _PARTS
    assert {path.suffix for path in tmp_path.rglob("*.*")} == {".npy"}


def _other_code(_: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "running_code", lambda: "other")


def _half_a_file(kept: Path, _: pytest.MonkeyPatch) -> None:
    for path in kept.rglob("*.npy"):
        path.write_bytes(path.read_bytes()[:100])


@pytest.mark.parametrize(
    ("seed", "block", "change"), [(2, 2, None), (1, 3, None), (1, 2, _other_code), (1, 2, _half_a_file)]
)
def test_blocks_of_another_run_are_not_taken(
    seed: int,
    block: int,
    change: Callable[[Path, pytest.MonkeyPatch], None] | None,
    done: list[tuple[Any, ...]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    simulate(2, 1, InPlace(), kept=tmp_path, block=2)
    done.clear()
    if change:
        change(tmp_path, monkeypatch)
    simulate(2, seed, InPlace(), kept=tmp_path, block=block)
    assert len(done) == 2 * _PARTS


def test_a_simulation_has_a_dataset() -> None:
    with pytest.raises(ValueError, match="at least one"):
        simulate(0, 1, InPlace())


# -- the command -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "out"),
    [
        ([], SIMULATION),
        (["--seed", "3"], BUILD / "simulation" / "leak_regression-2000-3.csv"),
        (["--n", "100"], BUILD / "simulation" / "leak_regression-100-0.csv"),
        (["--n", "100", "--out", "x.csv"], Path("x.csv")),
    ],
)
def test_only_the_shipped_run_takes_the_place_of_the_shipped_file(
    arguments: list[str], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def write(n: int, seed: int, place: Path, workers: object, progress: str, plan: Plan | None) -> pd.DataFrame:
        # Not of a study: the paper's own.
        assert plan is None
        asked.append(place)
        return pd.DataFrame()

    monkeypatch.setattr(simulation, "write_simulation", write)
    assert cli.main(["simulate", "--workers", "1", *arguments]) == 0
    assert asked == [out]


def test_the_file_is_written_whole(
    done: list[tuple[Any, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulation, "BUILD", tmp_path / "build")
    out = tmp_path / "new" / "errors.csv"
    table = simulation.write_simulation(3, 1, out, InPlace())
    assert [path.name for path in out.parent.iterdir()] == ["errors.csv"]
    assert pd.read_csv(out)["method"].tolist() == table["method"].tolist()
