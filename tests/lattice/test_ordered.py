"""Medians and quartiles as constraints: brute force, sums over every median, and the table without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vpresearch.core.reported import Reported, RoundingRule
from vpresearch.lattice import (
    Cell,
    LatticeTooLargeError,
    count,
    enumerate_multisets,
    is_possible,
    ordered,
    sample,
    table_cost,
    to_values,
)
from vpresearch.lattice.cell import exact, solve
from vpresearch.lattice.multisets import MAX_STATES, Multisets
from vpresearch.lattice.ordered import Ordered


def _at(values: Sequence[Fraction | int], place: Fraction) -> Fraction:
    """Return a weighted mean of two neighbours of sorted values."""
    first = int(place) - 1
    weight = place - int(place)
    return Fraction(values[first]) + (weight * (Fraction(values[first + 1]) - Fraction(values[first])) if weight else 0)


def _brute_force(cell: Cell) -> list[list[int]]:
    """Go through every multiset; the square root of a sum is compared by squares."""
    found = []
    for values in combinations_with_replacement(cell.values, cell.n):
        mean = sum(values, Fraction(0)) / cell.n
        squares = sum((value - mean) ** 2 for value in values)
        sd = cell.sd.interval(cell.rule) if cell.sd else None
        if (
            mean in cell.mean.interval(cell.rule)
            and (sd is None or max(sd.low or 0, 0) ** 2 * (cell.n - 1) <= squares <= (sd.high or 0) ** 2 * (cell.n - 1))
            and all(_at(values, exact(place)) in said.interval(cell.rule) for place, said in cell.quantiles)
            and cell.attained_low in {None, values[0]}
            and cell.attained_high in {None, values[-1]}
        ):
            found.append([values.count(value) for value in cell.values])
    return sorted(found)


@st.composite
def _cells(draw: st.DrawFn) -> Cell:
    n, last, low = draw(st.integers(2, 7)), draw(st.integers(2, 5)), draw(st.integers(-2, 2))
    values = sorted(draw(st.lists(st.integers(low, low + last), min_size=n, max_size=n)))
    places = draw(st.lists(st.integers(4, 4 * n).map(lambda k: Fraction(k, 4)), min_size=1, max_size=3))
    shift = draw(st.sampled_from([0, 0, 0, 1]))
    decimals = st.integers(0, 2)
    said = tuple((place, Reported(f"{float(_at(values, place)) + shift:.{draw(decimals)}f}")) for place in places)
    return Cell(
        n,
        Reported(f"{np.mean(values):.{draw(decimals)}f}"),
        Reported(f"{np.std(values, ddof=1):.{draw(decimals)}f}") if draw(st.booleans()) else None,
        low,
        low + last,
        attained_low=draw(st.sampled_from([None, values[0]])),
        attained_high=draw(st.sampled_from([None, values[-1]])),
        quantiles=said,
    )


@settings(max_examples=150, deadline=None)
@given(_cells())
def test_brute_force_agrees(cell: Cell) -> None:
    expected = _brute_force(cell)
    assert count(cell) == len(expected)
    assert enumerate_multisets(cell).tolist() == expected
    assert is_possible(cell) is bool(expected)


@pytest.mark.parametrize("n", [21, 22])
def test_every_dataset_has_one_median(n: int) -> None:
    plain = Cell(n, Reported("3.1"), Reported("1.6"), 0, 7)
    halves = [Reported(f"{k / 2}") for k in range(15)]
    by_median = [count(replace(plain, quantiles=((Fraction(n + 1, 2), median),))) for median in halves]
    # A printed 3.5 is from 3.45 to 3.55, so each half of a step is told alone.
    assert sum(by_median) == count(plain) > 50
    on_step = {Fraction(k, 2).denominator for k, ways in enumerate(by_median) if ways}
    assert on_step == ({1} if n % 2 else {1, 2})


@pytest.mark.parametrize("rule", ["any", "half-up", "half-even", "truncation"])
@pytest.mark.parametrize("said", ["<3", "<= 3", "> 2", ">= 2", "2", "3", "2.5"])
@pytest.mark.parametrize("place", [3, 3.5])
def test_a_bound_and_a_rule_of_rounding_open_an_end(place: float, said: str, rule: RoundingRule) -> None:
    cell = Cell(6, Reported("2.5"), Reported("1"), 0, 5, rule=rule, quantiles=((place, Reported(said)),))
    expected = _brute_force(cell)
    assert expected or said == "2.5"
    assert enumerate_multisets(cell).tolist() == expected


def test_of_the_listed_those_with_the_quartiles_are_left() -> None:
    plain = Cell(15, Reported("2.5"), Reported("1.9"), 0, 10)
    rows = to_values(plain, enumerate_multisets(plain))
    # R's type 7, whose places are 1 + (n - 1) p.
    said = ((Fraction(9, 2), Reported("1.0")), (8, Reported("2")), (Fraction(23, 2), Reported("4.0")))
    kept = np.array([np.abs(np.quantile(row, [0.25, 0.5, 0.75]) - [1, 2, 4]).max() < 0.05 for row in rows])
    found = to_values(plain, enumerate_multisets(replace(plain, quantiles=said)))
    assert found.tolist() == rows[kept].tolist()
    assert 0 < len(found) < len(rows)


def test_a_sample_has_the_quantiles_and_reaches_every_dataset() -> None:
    cell = Cell(15, Reported("2.5"), Reported("1.9"), 0, 10, quantiles=((Fraction(9, 2), Reported("1.5")),))
    drawn = sample(cell, count(cell), seed=1, distinct=True)
    assert {tuple(row) for row in drawn} == {tuple(row) for row in enumerate_multisets(cell)}
    with pytest.raises(ValueError, match="with quantiles"):
        sample(cell, 5, weights=[1.0] * 11)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"quantiles": ((0.5, Reported("1")),)}, "from 1 to n = 5"),
        ({"quantiles": ((5.5, Reported("1")),)}, "from 1 to n = 5"),
        ({"quantiles": ((3, Reported("1")),), "required": (1,)}, "together with quantiles"),
    ],
)
def test_quantiles_that_cannot_be_are_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Cell(5, Reported("1.2"), Reported("0.5"), 1, 5, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "cell",
    [
        Cell(26, Reported("8.4"), Reported("1.6"), 0, 10),
        Cell(15, Reported("2.5"), Reported("1.9"), 1, 10, attained_high=9),
        Cell(41, Reported("2.0"), Reported("0.8"), 1, 4, "0.5"),
        Cell(12, Reported("3"), None, 1, 5),
        Cell(12, Reported("1.2"), Reported("0.5"), 1, 3),
        Cell(12, Reported("2.6"), Reported("0.5"), 1, 3),
        Cell(4, Reported("2.5"), Reported("0.6"), 2, 3),
    ],
    ids=str,
)
def test_from_the_lowest_up_is_the_same_as_from_the_outermost_in(cell: Cell) -> None:
    plain = solve(cell, *cell.span).multisets
    assert type(plain) is Multisets
    other = Ordered(plain.size, plain.low, plain.high, plain.windows)
    assert other.classes == plain.classes
    ranks = np.arange(min(plain.count, 5000)) if plain.count <= 5000 else np.arange(0, plain.count, plain.count // 500)
    rows = other.unrank(ranks)
    assert len({tuple(row) for row in rows}) == len(ranks)
    places = np.arange(plain.low, plain.high + 1)
    assert {(int(row @ places), int(row @ places**2)) for row in rows} <= {found[:2] for found in plain.classes}
    if plain.count <= 5000:
        assert {tuple(row) for row in rows} == {tuple(row) for row in plain.unrank(ranks)}
        assert sorted(plain.every().tolist()) == sorted(plain.unrank(ranks).tolist())
    assert plain.count == sum(ways for _, _, ways in plain.classes)


def test_a_large_table_is_made_from_the_lowest_up() -> None:
    cell = Cell(27, Reported("71.30"), Reported("8.40"), 50, 90)
    large = solve(cell, *cell.span).multisets
    assert isinstance(large, Ordered)
    # By the table from the outermost in, with six times as many states.
    assert large.count == 2629318957200
    assert table_cost(cell) < MAX_STATES


def test_its_cost_is_known_before_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    for n, mean, sd, low, high in ((50, "5.2", "2.1", 0, 10), (26, "27.0", "5.9", 10, 45), (100, "3.0", "1.0", 1, 5)):
        plain = Cell(n, Reported(mean), Reported(sd), low, high)
        found = solve(replace(plain, quantiles=((1, Reported("0")),)), *plain.span).multisets
        whole = Ordered(found.size, found.low, found.high, found.windows)
        made = sum(len(keys) for layers in whole._before for layer in layers for keys, _ in layer.values())
        assert made <= whole.cost < 4 * made
    monkeypatch.setattr(ordered, "MAX_STATES", 1000)
    with pytest.raises(LatticeTooLargeError, match="more than 1000 entries"):
        _ = Ordered(whole.size, whole.low, whole.high, whole.windows).count
    monkeypatch.undo()
    monkeypatch.setattr(ordered, "MAX_COUNT", 1000.0)
    with pytest.raises(LatticeTooLargeError, match="too many possible datasets"):
        _ = Ordered(whole.size, whole.low, whole.high, whole.windows).count
