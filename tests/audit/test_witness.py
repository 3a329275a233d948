from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpresearch.audit import p_values
from vpresearch.audit.p_values import both_witness, p_witness
from vpresearch.audit.witness import _two_places, admissible, climb, datasets, is_coarse, on_scale, prints, shift_two
from vpresearch.core.reported import Reported
from vpresearch.inference import kruskal, student
from vpresearch.lattice import Cell, count, table_cost
from vpresearch.lattice.multisets import MAX_STATES


@given(
    n=st.integers(3, 6),
    mean=st.integers(10, 50).map(lambda tenths: f"{tenths / 10:.1f}"),
    sd=st.integers(0, 20).map(lambda tenths: f"{tenths / 10:.1f}"),
)
@settings(max_examples=150, deadline=None)
def test_what_is_not_admissible_does_not_exist(n: int, mean: str, sd: str) -> None:
    cell = Cell(n, Reported(mean), Reported(sd), 1, 5)
    if not admissible(cell):
        assert count(cell) == 0


@pytest.mark.parametrize(("n", "last"), [(10, 49), (17, 28), (20, 24), (40, 11)])
def test_what_is_coarse_can_be_counted_even_where_next_to_nothing_is_printed(n: int, last: int) -> None:
    cell = Cell(n, Reported(f"< {last / 2:g}"), None, 0, last)
    assert is_coarse(cell)
    assert table_cost(cell) < MAX_STATES


@given(seed=st.integers(0, 50))
@settings(max_examples=25, deadline=None)
def test_a_witness_prints_as_reported(seed: int) -> None:
    cell = Cell(26, Reported("27,0"), Reported("5,9"), "15.6", "38.1", "0.1", attained_low="15.6", attained_high="38.1")
    found = climb(cell, np.random.default_rng(seed))
    assert found is not None
    values = on_scale(cell, found)
    assert values.mean() in cell.mean.interval()
    assert cell.sd is not None
    assert float(values.std(ddof=1)) in cell.sd.interval()
    assert (values.min(), values.max()) == (pytest.approx(15.6), pytest.approx(38.1))
    assert prints(cell, found)


def test_prints_agrees_with_enumeration() -> None:
    cell = Cell(4, Reported("2.5"), Reported("1.3"), 1, 5)
    agreeing = [
        values for values in itertools.combinations_with_replacement(range(5), 4) if prints(cell, np.array(values))
    ]
    assert len(agreeing) == count(cell) > 0


def test_few_datasets_are_all_given() -> None:
    cell = Cell(15, Reported("2.5"), Reported("1.9"), 1, 10)
    assert len(datasets(cell, np.random.default_rng(1), 10)) == 82


def test_shifting_two_keeps_the_sum_and_the_ends() -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(0, 11, 20)
    for _ in range(200):
        moved = shift_two((0, 10), values, rng)
        assert moved.sum() == values.sum()
        assert moved.min() >= 0
        assert moved.max() <= 10
        values = moved


def test_two_places_are_those_that_numpy_draws() -> None:
    for n in (2, 3, 26, 1000):
        ours, numpy_s = np.random.default_rng(n), np.random.default_rng(n)
        for _ in range(100):
            assert list(_two_places(ours, n)) == numpy_s.choice(n, 2, replace=False).tolist()


def test_no_pair_is_believed_that_an_ordinary_test_denies(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    cells = Cell(4, Reported("2.0"), Reported("0.8"), 0, 4), Cell(5, Reported("2.6"), Reported("1.1"), 0, 4)
    pools = datasets(cells[0], rng, 1), datasets(cells[1], rng, 1)
    pair = pools[0][0], pools[1][0]
    for name in ("_candidates", "_walk", "_walks"):
        monkeypatch.setattr(p_values, name, lambda *_: iter([pair]))
    tests = {"student": student(*pair).p_value, "kruskal": kruskal(*pair).p_value}
    right, wrong = {name: Reported(f"{p:.3f}").interval() for name, p in tests.items()}, Reported("0.001").interval()
    for name in tests:
        assert p_witness(name, cells, pools, right[name], rng)
        assert not p_witness(name, cells, pools, wrong, rng)
    names = ("student", "kruskal")
    assert both_witness(names, cells, pools, (right["student"], right["kruskal"]), rng)
    assert not both_witness(names, cells, pools, (right["student"], wrong), rng)
    assert not both_witness(names, cells, pools, (wrong, right["kruskal"]), rng)
