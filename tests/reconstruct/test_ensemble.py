"""An ensemble: all of it true to the paper, diverse, and the same bytes for any number of workers."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from vpresearch.core.errors import VPResearchError
from vpresearch.data import load
from vpresearch.parallel import InPlace, engage
from vpresearch.published import Paper
from vpresearch.reconstruct import (
    ENSEMBLE,
    Ensemble,
    Reconstruction,
    attainable,
    draw_ensemble,
    read_ensemble,
    verify,
)
from vpresearch.reconstruct import files as engine
from vpresearch.reconstruct.ensemble import ensemble_bytes, from_tables
from vpresearch.scorecard import scorecard

_N, _BLOCK = 4, 9


@pytest.fixture(scope="module")
def small(paper: Paper) -> Ensemble:
    return draw_ensemble(paper, _N, 3, block=_BLOCK)


@pytest.fixture(scope="module")
def committed() -> Ensemble:
    return read_ensemble(ENSEMBLE)


# -- drawing -----------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_two_workers_give_the_same_bytes_as_one(paper: Paper, small: Ensemble) -> None:
    with engage(2) as workers:
        two = draw_ensemble(paper, _N, 3, workers=workers, block=_BLOCK)
    assert ensemble_bytes(two) == ensemble_bytes(small)


@pytest.mark.long
def test_every_member_is_verified(paper: Paper, small: Ensemble) -> None:
    assert len(small) == _N
    for number in range(_N):
        assert verify(small.table(number), paper, attainable(paper)) == []


class _Recorded(InPlace):
    """Workers whose blocks come back at once, the odd ones after the even ones."""

    def __init__(self, n: int) -> None:
        self._n, self.blocks = n, list[int]()
        self._held: list[tuple[Future[Any], Any]] = []

    @property
    def n(self) -> int:
        return self._n

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        number = args[2]
        self.blocks.append(number)
        future: Future[Any] = Future()
        self._held.append((future, [f"table {number}.{place}" for place in range(3)]))
        if len(self._held) == self._n or number % 2 == 0:
            for held, result in reversed(self._held):
                held.set_result(result)
            self._held = []
        return future


@pytest.mark.parametrize("n_workers", [1, 2, 5])
def test_blocks_are_taken_in_order_until_there_are_enough(
    paper: Paper, monkeypatch: pytest.MonkeyPatch, n_workers: int
) -> None:
    monkeypatch.setattr(engine, "from_tables", lambda tables: tables)
    workers = _Recorded(n_workers)
    drawn: Any = draw_ensemble(paper, 7, 1, workers=workers, block=9)
    assert drawn == [f"table {number // 3}.{number % 3}" for number in range(7)]
    assert workers.blocks == sorted(set(workers.blocks))
    assert len(workers.blocks) < 3 + n_workers


def test_a_member_that_fails_a_claim_is_not_kept(
    paper: Paper, reconstructed: Callable[[int], Reconstruction], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = reconstructed(1).table
    bad = good.assign(vertebral_volume_cc=good["vertebral_volume_cc"] + 1)
    monkeypatch.setattr(engine, "draw_block", lambda *_: [bad, good, bad])
    (kept,) = engine.draw_verified(paper, 1, 0, 3)
    assert kept is good


def test_an_ensemble_has_a_member(paper: Paper) -> None:
    with pytest.raises(ValueError, match="at least one"):
        draw_ensemble(paper, 0, 1)


# -- the file ----------------------------------------------------------------------------------------------------


def test_a_table_comes_back_as_it_was(
    small: Ensemble, reconstructed: Callable[[int], Reconstruction], tmp_path: Path
) -> None:
    tables = [small.table(number) for number in range(_N)]
    made = reconstructed(1).table
    (tmp_path / "all.npz").write_bytes(ensemble_bytes(from_tables([*tables, made])))
    read = read_ensemble(tmp_path / "all.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["all.npz"]
    for number, table in enumerate([*tables, made]):
        pd.testing.assert_frame_equal(read.table(number), table, check_dtype=False, check_exact=True)
    assert read.table(_N).to_csv(index=False) == made.to_csv(index=False)


def test_the_arrays_are_those_of_the_tables(small: Ensemble) -> None:
    for number in range(_N):
        table = small.table(number)
        assert (small.volumes[number] == table["vertebral_volume_cc"]).all()
        assert (small.cement[number] == table["cement_volume_cc"]).all()
        assert (small.leak[number] == (table["leak"] == "yes")).all()
        assert small.fill_percent[number] == pytest.approx(
            100 * table["cement_volume_cc"] / table["vertebral_volume_cc"], rel=1e-14
        )
        assert (small.patient[number] == pd.factorize(table["patient_id"])[0]).all()
    assert small.volumes.shape == small.patient.shape == (_N, 41)


def test_the_file_is_a_plain_npz_without_dates(small: Ensemble) -> None:
    content = ensemble_bytes(small)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for entry in archive.infolist():
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)
            assert (entry.create_system, entry.compress_type) == (3, zipfile.ZIP_STORED)
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        assert "vertebral_volume_cc.codes" in arrays


@pytest.mark.parametrize("content", [None, b"", b"no archive", "other"])
def test_what_is_no_ensemble_is_refused(tmp_path: Path, content: bytes | str | None) -> None:
    path = tmp_path / "other.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        np.savez(path, something=np.zeros(3))
    with pytest.raises(VPResearchError, match=r"other\.npz cannot be read as an ensemble"):
        read_ensemble(path)


# -- the committed ensemble --------------------------------------------------------------------------------------


def test_the_committed_files_are_those_of_their_provenance(committed: Ensemble) -> None:
    record = json.loads(ENSEMBLE.with_name("ensemble.provenance.json").read_text(encoding="utf-8"))
    for name, sha256 in record["sha256"].items():
        assert hashlib.sha256(ENSEMBLE.with_name(name).read_bytes()).hexdigest() == sha256, name
    assert record["n"] == len(committed) == 500
    assert ENSEMBLE.stat().st_size < 300_000
    assert ENSEMBLE.read_bytes() == ensemble_bytes(committed)


def test_the_committed_datasets_are_distinct_and_diverse(committed: Ensemble) -> None:
    for values in (committed.volumes, committed.cement, committed.patient):
        assert len(np.unique(values, axis=0)) == len(committed)
    shapes = {tuple(sorted(sizes)) for sizes in committed.n_vertebrae_of.tolist()}
    assert len(shapes) > 5
    assert len(np.unique(np.sort(committed.cement, axis=1), axis=0)) == len(committed)


@pytest.mark.parametrize("number", [0, 123, 499])
def test_a_committed_dataset_passes_the_checker_and_the_scorecard(
    paper: Paper, committed: Ensemble, tmp_path: Path, number: int
) -> None:
    table = committed.table(number)
    assert verify(table, paper, attainable(paper)) == []
    table.to_csv(tmp_path / "one.csv", index=False)
    study = load(tmp_path / "one.csv")
    assert study.reconstruction
    verdicts = {row.claim.id: row.verdict for row in scorecard(paper, study)}
    assert set(verdicts.values()) == {"by construction", "unattainable"}
    assert [claim for claim, verdict in verdicts.items() if verdict == "unattainable"] == ["table3.vertebral_volume.p"]
