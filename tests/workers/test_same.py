"""What falls into blocks is the same from two processes as from one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vpresearch import implied
from vpresearch.data import Dataset
from vpresearch.implied import relief
from vpresearch.parallel import InPlace, Workers, engage
from vpresearch.regression import resampling
from vpresearch.regression.models import leak_design
from vpresearch.regression.simulation import simulate


def test_two_processes_give_what_one_gives(shipped: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(implied, "BLOCK", 2)
    monkeypatch.setattr(resampling, "BLOCK", 300)
    few = {name: ensemble.take(range(3)) for name, ensemble in implied.shipped().items()}
    design = leak_design(shipped.rows)
    works: list[Callable[[Workers], bytes]] = [
        lambda workers: simulate(1, 0, workers, block=1).to_csv().encode(),
        lambda workers: resampling.bootstrap(design, 1000, 1, workers).coefficients.tobytes(),
        lambda _: implied.fits(few).to_csv().encode(),
        lambda workers: relief(few, workers).to_csv().encode(),
    ]
    with engage(2) as two:
        found = [work(two) for work in works]
    assert found == [work(InPlace()) for work in works]
    # And none of it hangs on where an ensemble is cut.
    monkeypatch.setattr(implied, "BLOCK", 3)
    assert found[2:] == [work(InPlace()) for work in works[2:]]


def test_the_first_block_of_a_bootstrap_is_that_of_its_seed_alone(
    shipped: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = leak_design(shipped.rows)
    whole = resampling.bootstrap(design, 300, 4).coefficients
    monkeypatch.setattr(resampling, "BLOCK", 300)
    blocks = resampling.bootstrap(design, 700, 4).coefficients
    assert blocks[:300].tobytes() == whole.tobytes()
    assert blocks[300:600].tobytes() != whole.tobytes()
