from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vpresearch.core.paths import RECONSTRUCTION
from vpresearch.data import SUFFIX, Dataset, fingerprint, fingerprints_bytes, is_reconstruction
from vpresearch.reconstruct import ENSEMBLE, read_ensemble
from vpresearch.reconstruct.files import fingerprints

ROWS = st.lists(st.tuples(st.integers(10, 500), st.integers(1, 90), st.booleans()), min_size=1, max_size=20)


def of(rows: list[tuple[int, int, bool]]) -> str:
    volume, cement, leaked = (np.array(column) for column in zip(*rows, strict=True))
    return fingerprint(volume / 10, cement / 10, leaked)


@given(ROWS, st.randoms())
def test_the_order_of_the_rows_does_not_matter(rows: list[tuple[int, int, bool]], random: object) -> None:
    shuffled = sorted(rows, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert of(rows) == of(shuffled)


@given(ROWS)
def test_a_changed_row_does(rows: list[tuple[int, int, bool]]) -> None:
    volume, cement, leaked = rows[0]
    assert of(rows) != of([(volume + 1, cement, leaked), *rows[1:]])
    assert of(rows) != of([(volume, cement, not leaked), *rows[1:]])


def test_every_shipped_dataset_is_known(shipped: Dataset) -> None:
    files = sorted(ENSEMBLE.parent.glob("*.npz"))
    assert len(files) == 4
    marks = [mark for path in files for mark in fingerprints(read_ensemble(path))]
    assert all(map(is_reconstruction, marks))
    assert ENSEMBLE.with_name(f"ensemble{SUFFIX}").read_bytes() == fingerprints_bytes(marks)
    rows = shipped.vertebrae
    own = fingerprint(rows["vertebral_volume_cc"], rows["cement_volume_cc"], rows["leak"].eq("yes"))
    assert RECONSTRUCTION.with_suffix(SUFFIX).read_bytes() == fingerprints_bytes([own])
