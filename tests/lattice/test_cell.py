"""One group: counts against published and exhaustive results, brute force, and tests of the samplers."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_DOWN, ROUND_HALF_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare, multinomial

from vpresearch.core.reported import Reported, RoundingRule
from vpresearch.lattice import (
    Cell,
    LatticeTooLargeError,
    classes,
    count,
    enumerate_multisets,
    find_dataset,
    is_possible,
    multisets,
    ordered,
    sample,
    table_cost,
    to_values,
)
from vpresearch.lattice.cell import solve
from vpresearch.lattice.multisets import IntArray, Multisets, Window

ROUNDINGS: dict[RoundingRule, tuple[str, ...]] = {
    "any": (ROUND_HALF_UP, ROUND_HALF_DOWN),
    "half-up": (ROUND_HALF_UP,),
    "half-even": (ROUND_HALF_EVEN,),
    "truncation": (ROUND_DOWN,),
}


def _cell(n: int, mean: str, sd: str | None, low: int = 1, high: int = 10, step: str = "1", **more: object) -> Cell:
    return Cell(n, Reported(mean), None if sd is None else Reported(sd), low, high, step, **more)  # type: ignore[arg-type]


# --- an oracle that shares nothing with the package: round each candidate and compare what would be printed


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def _prints(value: Decimal, printed: Reported, rule: RoundingRule) -> bool:
    unit = Decimal(1).scaleb(-printed.decimals)
    wanted = Decimal(printed.printed)
    return any(value.quantize(unit, rounding=rounding) == wanted for rounding in ROUNDINGS[rule])


def _moments(values: tuple[Fraction, ...]) -> tuple[Decimal, Decimal]:
    mean = sum(values, Fraction(0)) / len(values)
    variance = sum(((v - mean) ** 2 for v in values), Fraction(0)) / max(1, len(values) - 1)
    with localcontext() as context:
        context.prec = 60
        return _decimal(mean), _decimal(variance).sqrt()


def _brute_force(cell: Cell) -> list[list[int]]:
    required = Counter(cell.values[cell.index(value)] for value in cell.required)
    found = []
    for values in combinations_with_replacement(cell.values, cell.n):
        mean, sd = _moments(values)
        extremes = [(cell.attained_low, values[0]), (cell.attained_high, values[-1])]
        if (
            _prints(mean, cell.mean, cell.rule)
            and (cell.sd is None or _prints(sd, cell.sd, cell.rule))
            and not required - Counter(values)
            and all(wanted is None or Fraction(str(wanted)) == value for wanted, value in extremes)
        ):
            found.append([values.count(value) for value in cell.values])
    return sorted(found)


def _random_cell(rng: random.Random) -> Cell:
    n, size, items = rng.randint(2, 6), rng.randint(1, 6), rng.choice([1, 1, 2, 3])
    step = rng.choice([Fraction(1), Fraction(1, 2), Fraction(3, 10)])
    low = Fraction(rng.randint(-2, 2))
    high = low + step * -(-(size - 1) // items)
    lattice = [low + k * step / items for k in range(round((high - low) / step) * items + 1)]
    dataset = tuple(sorted(rng.choice(lattice) for _ in range(n)))
    mean, sd = _moments(dataset)
    unit = Decimal(1).scaleb(-rng.randint(0, 2))
    rule: RoundingRule = rng.choice(list(ROUNDINGS))
    # Half of the cells are those of a real dataset; the rest are nearly so, and mostly impossible.
    nudge = rng.choice([0, 0, 1, -1])
    printed_mean = mean.quantize(unit, rounding=ROUNDINGS[rule][0]) + nudge * unit
    printed_sd = max(Decimal(0), sd.quantize(unit, rounding=ROUNDINGS[rule][0]) + rng.choice([0, nudge]) * unit)
    return Cell(
        n,
        Reported(f"{printed_mean:f}"),
        Reported(f"{printed_sd:f}") if rng.random() < 0.9 else None,
        low,
        high,
        step,
        items,
        rule,
        attained_low=dataset[0] if rng.random() < 0.2 else None,
        attained_high=dataset[-1] if rng.random() < 0.2 else None,
        required=tuple(rng.sample(dataset, rng.randint(1, min(3, n)))) if rng.random() < 0.2 else (),
    )


@pytest.fixture
def fresh() -> Iterator[None]:
    solve.cache_clear()
    yield
    solve.cache_clear()


# --- counts


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (_cell(100, "3.0", "1.0", 1, 5), 24907),
        (_cell(50, "4.7", "2.2", 1, 7), 81020),
        (_cell(15, "2.5", "1.9"), 82),
        (_cell(10, "5.0", "1.0", 0, 10, attained_low=0, attained_high=10), 0),
        (_cell(26, "8.4", "1.6"), 1168),
        (_cell(9, "1.3", "0.9", 1, 5), 0),
        (_cell(12, "1.2", "0.5", 1, 5), 1),
        (_cell(10, "3.0", "1.0", 1, 5), 0),
        (_cell(41, "2.0", "0.8", 1, 4, "0.5"), 100037),
    ],
    ids=str,
)
def test_count_is_that_of_published_enumerations(cell: Cell, expected: int) -> None:
    assert count(cell) == expected
    assert len(enumerate_multisets(cell)) == expected


def test_the_only_dataset_of_a_cell() -> None:
    assert enumerate_multisets(_cell(12, "1.2", "0.5", 1, 5)).tolist() == [[9, 3, 0, 0, 0]]


def test_parity_alone_makes_a_cell_impossible() -> None:
    # The sum 30 allows the sum of squares 99 only, and 99 is odd. In positions from 0: 20 and 49.
    cell = _cell(10, "3.0", "1.0", 1, 5)
    allowed = [(w.total, range(w.low, w.high + 1)) for w in cell.windows()]
    assert [(total, list(squares)) for total, squares in allowed] == [(20, [49])]
    assert not is_possible(cell)


@pytest.mark.parametrize(
    ("n", "mean", "sd", "low", "high", "possible"),
    [
        (28, "5.18", None, 1, 7, True),
        (28, "5.19", None, 1, 7, False),
        (28, "5.20", None, 1, 7, False),
        (28, "5.21", None, 1, 7, True),
        (28, "5.25", None, 1, 7, True),
        (28, "5.29", None, 1, 7, True),
        (50, "5.82", None, 1, 7, True),
        (50, "5.83", None, 1, 7, False),
        (50, "5.84", None, 1, 7, True),
        (18, "3.44", "2.47", 1, 10, False),
        (18, "3.44", "2.47", 1, 100, False),
        (28, "5.21", "1.6", 1, 7, True),
        (15, "3.1", "0.52", 1, 5, True),
        (200, "0.03", "0.18", 0, 1, True),
        (20, "0.36", "0.11", 0, 1, False),
        (100, "0.50", "0.503", 0, 1, True),
        (26, "1.2", "0.5", 1, 1, False),
        (26, "1.0", "0.0", 1, 1, True),
    ],
)
def test_grim_grimmer_and_debit_verdicts(
    n: int, mean: str, sd: str | None, low: int, high: int, possible: bool
) -> None:
    assert is_possible(_cell(n, mean, sd, low, high)) is possible


def test_several_sums_are_admissible_with_one_decimal() -> None:
    totals = {found.total for found in classes(_cell(26, "8.4", "1.6"))}
    assert totals == {218 - 26, 219 - 26}


def test_mean_alone_with_extremes_that_cannot_reach_it() -> None:
    assert is_possible(_cell(4, "2.0", None, 1, 5))
    assert not is_possible(_cell(4, "1.0", None, 1, 5, attained_high=5))
    assert is_possible(_cell(4, "2.0", None, 1, 5, attained_high=5))


def test_the_grid_and_the_size_decide_what_a_mean_can_be() -> None:
    assert not is_possible(_cell(26, "1.95", None, 0, 10, "0.5"))
    assert is_possible(_cell(26, "1.95", None, 0, 10, "0.1"))
    assert not is_possible(_cell(27, "0.02", None, 0, 1))
    assert is_possible(_cell(41, "0.02", None, 0, 1))


def test_numbers_are_read_as_written() -> None:
    for step in (0.1, np.float64(0.1), "0.1", "0,1", Fraction(1, 10)):
        assert Cell(3, Reported("0.5"), None, 0, 1, step).unit == Fraction(1, 10)


def test_a_bound_is_an_open_interval() -> None:
    assert count(_cell(3, "2.0", "<1.0", 1, 3)) == 1
    assert count(_cell(3, "<2", ">0", 1, 3)) == 3


def test_classes_add_up_and_print_as_reported() -> None:
    cell = _cell(26, "8.4", "1.6")
    found = classes(cell)
    assert sum(one.count for one in found) == 1168
    for one in found:
        mean, variance = cell.moments(one.total, one.squares)
        assert mean in cell.mean.interval()
        assert variance is not None
        assert Fraction("1.55") ** 2 <= variance <= Fraction("1.65") ** 2


def test_items_refine_the_lattice() -> None:
    assert _cell(5, "2.00", None, 1, 5, items=4).unit == Fraction(1, 4)
    assert count(_cell(2, "1.25", None, 1, 2, items=2)) == 1


@pytest.mark.long
def test_brute_force_agrees_on_a_thousand_small_cells() -> None:
    rng = random.Random(20240229)
    cells = [_random_cell(rng) for _ in range(1200)]
    expected = [_brute_force(cell) for cell in cells]
    disagreements = [
        cell
        for cell, sets in zip(cells, expected, strict=True)
        if count(cell) != len(sets) or enumerate_multisets(cell).tolist() != sets or is_possible(cell) != bool(sets)
    ]
    assert disagreements == []
    # The trial means little unless both verdicts are common.
    assert 300 < sum(bool(sets) for sets in expected) < 1150


def test_counts_without_a_deviation_are_gaussian_binomials() -> None:
    for n, last, mean in [(6, 4, 2), (12, 6, 3), (20, 5, 1)]:
        cell = _cell(n, f"{mean}.00", None, 0, last)
        assert count(cell) == _gaussian(n, last)[n * mean]


def test_what_does_not_fit_is_refused_rather_than_wrong(monkeypatch: pytest.MonkeyPatch, fresh: None) -> None:
    cell = _cell(50, "4.7", "2.2", 1, 7)
    for module in (multisets, ordered):
        monkeypatch.setattr(module, "MAX_STATES", 1000)
    with pytest.raises(LatticeTooLargeError, match=r"more than [0-9]+ entries"):
        count(cell)
    solve.cache_clear()
    monkeypatch.undo()
    monkeypatch.setattr(multisets, "MAX_COUNT", 1000.0)
    with pytest.raises(LatticeTooLargeError, match="too many possible datasets"):
        count(cell)


@pytest.mark.parametrize(("known", "few"), [("_radix", 2000), ("_radix", 0), ("_table", 2000)])
def test_counts_that_may_leave_64_bits_are_refused_wherever_they_are_added(
    monkeypatch: pytest.MonkeyPatch, fresh: None, known: str, few: int
) -> None:
    cell = _cell(50, "4.7", "2.2", 1, 7)
    getattr(solve(cell, *cell.span).multisets, known)
    monkeypatch.setattr(multisets, "_FEW_EDGES", few)
    monkeypatch.setattr(multisets, "MAX_COUNT", 1000.0)
    with pytest.raises(LatticeTooLargeError, match="too many possible datasets"):
        count(cell)


@pytest.mark.parametrize(("size", "refused"), [(1_000, False), (1_000_000, True)])
def test_keys_that_may_leave_64_bits_are_refused(size: int, refused: bool) -> None:
    sets = Multisets(size, -3, 3, (Window(0, 0, 10 * size),))
    if not refused:
        assert sets._radix[0] * (size + 1) < 2**63
        return
    with pytest.raises(LatticeTooLargeError, match="too many possible datasets"):
        _ = sets._radix


def test_the_cost_of_a_table_is_known_before_it_is_made(fresh: None) -> None:
    for cell in (_cell(50, "5.2", "2.1", 0, 10), _cell(20, "27.0", "5.9", 10, 45), _cell(15, "2.5", "1.9")):
        found = solve(cell, *cell.span).multisets
        assert isinstance(found, Multisets)
        cost, made = table_cost(cell), sum(len(keys) for keys, _ in found._table[0])
        assert made <= cost < 20 * made
    # Gigabytes, which must not be taken before it is refused.
    with pytest.raises(LatticeTooLargeError, match="more than"):
        count(_cell(30, "27.35", "4.31", 15, 40, "0.1"))


@pytest.mark.parametrize(
    ("n", "mean", "sd", "low", "high", "step"),
    [
        (1000, "4.12", "1.31", 1, 7, "1"),
        (200, "50.3", "10.1", 1, 100, "1"),
        (30, "27.35", "4.31", 15, 40, "0.1"),
        (100_000, "4.1234", "1.3145", 1, 7, "1"),
        (1000, "1.42", "1.31", 1, 7, "1"),
    ],
)
def test_a_dataset_is_found_where_no_table_can_be_made(
    n: int, mean: str, sd: str, low: int, high: int, step: str
) -> None:
    cell = _cell(n, mean, sd, low, high, step)
    found = find_dataset(cell)
    assert found is not None
    assert is_possible(cell)
    values = to_values(cell, found[None])[0]
    assert len(values) == n
    assert values.mean() in cell.mean.interval()
    assert cell.sd is not None
    assert values.std(ddof=1) in cell.sd.interval()


def test_a_dataset_is_found_only_where_there_is_one() -> None:
    rng = random.Random(5)
    missed = tried = 0
    for _ in range(1500):
        n, last = rng.randint(2, 12), rng.randint(1, 9)
        cell = _cell(n, f"{rng.uniform(0, last):.1f}", f"{rng.uniform(0, last * 0.6):.1f}", 0, last)
        found, possible = find_dataset(cell), count(cell) > 0
        assert found is None or possible
        tried += possible
        missed += possible and found is None
    assert tried > 300
    assert missed < tried / 20


def test_a_dataset_that_is_found_keeps_to_the_extremes_and_holds_what_must_occur() -> None:
    rng = random.Random(6)
    found = 0
    for _ in range(600):
        low, high = sorted(rng.sample(range(10), 2))
        drawn = [low, high, *rng.choices(range(low, high + 1), k=rng.randint(0, 7))]
        required = tuple(rng.sample(drawn, rng.randint(0, len(drawn) - 1)))
        n, mean, sd = len(drawn), f"{np.mean(drawn) + rng.uniform(-0.5, 0.5):.1f}", f"{np.std(drawn, ddof=1):.1f}"
        cell = _cell(n, mean, sd, 0, 9, attained_low=low, attained_high=high, required=required)
        copies = find_dataset(cell)
        if copies is not None:
            values = to_values(cell, copies[None])[0]
            found += 1
            assert (len(values), values.min(), values.max()) == (n, low, high)
            assert not Counter(required) - Counter(int(value) for value in values)
            assert any(window.total == values.sum() for window in cell.windows())
            assert values.std(ddof=1) in cell.sd.interval()  # type: ignore[union-attr]
    assert found > 150


def test_where_all_values_must_occur_a_dataset_is_those_alone() -> None:
    cell = _cell(3, "2.0", "1.0", 1, 3, required=(1, 2, 3))
    for window, there in ((Window(3, 5, 5), True), (Window(3, 0, 9), True), (Window(3, 6, 6), False)):
        found = find_dataset(cell, window)
        assert (found is not None and found.tolist() == [1, 1, 1]) is there
    assert find_dataset(cell, Window(4, 0, 9)) is None


def test_a_window_is_of_all_values_those_that_must_occur_included() -> None:
    cell = _cell(4, "2.5", "1.3", 1, 4, required=(4,))
    found = find_dataset(cell, Window(6, 14, 14))
    assert found is not None
    assert found.tolist() == [1, 1, 1, 1]
    # Three others that add to no more than their least have it, and no fewer squares.
    assert find_dataset(cell, Window(6, 10, 11)) is None


@pytest.mark.parametrize(("total", "there"), [(14, False), (15, True), (30, True), (31, False)])
def test_no_value_of_a_window_lies_beyond_the_attained_extremes(total: int, there: bool) -> None:
    cell = _cell(5, "5.0", "2.0", 1, 10, attained_low=3, attained_high=8)
    assert (find_dataset(cell, Window(total, 0, 1000)) is not None) is there


def _gaussian(n: int, last: int) -> list[int]:
    """Number of multisets of n integers from 0 to last, by their sum."""
    table = [[1] + [0] * (n * last)] + [[0] * (n * last + 1) for _ in range(n)]
    for value in range(1, last + 1):
        for taken in range(1, n + 1):
            for total in range(value, n * last + 1):
                table[taken][total] += table[taken - 1][total - value]
    return [sum(row[total] for row in table) for total in range(n * last + 1)]


# --- what is refused


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "too small"),
        ({"n": 1}, "too small"),
        ({"items": 0}, "items"),
        ({"step": 0}, "positive step"),
        ({"low": 6}, "low <= high"),
        ({"high": "5.5"}, "not a value of the lattice"),
        ({"high": "5.5", "attained_high": 5}, "not a value of the lattice"),
        ({"attained_low": 0}, "not a value of the lattice"),
        ({"attained_low": 4, "attained_high": 2}, "above attained_high"),
        ({"attained_high": 3, "required": (4,)}, "beyond the attained extremes"),
        ({"n": 2, "required": (1, 2, 3)}, "more than n = 2"),
    ],
)
def test_contradictory_arguments_are_refused(arguments: dict[str, object], message: str) -> None:
    good: dict[str, object] = {"n": 5, "mean": Reported("3.0"), "sd": Reported("1.0"), "low": 1, "high": 5, "step": 1}
    with pytest.raises(ValueError, match=message):
        Cell(**{**good, **arguments})  # type: ignore[arg-type]


def test_impossible_requests_of_the_sampler_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    cell = _cell(15, "2.5", "1.9")
    with pytest.raises(ValueError, match="only 82 distinct"):
        sample(cell, 83, distinct=True)
    with pytest.raises(ValueError, match="no dataset"):
        sample(_cell(9, "1.3", "0.9", 1, 5), 1)
    with pytest.raises(ValueError, match="with weights"):
        sample(cell, 2, weights=[1.0] * 10, distinct=True)
    with pytest.raises(ValueError, match="10 positive numbers"):
        sample(cell, 2, weights=[1.0] * 9 + [0.0])
    monkeypatch.setattr("vpresearch.lattice.cell._MOST_LISTED", 81)
    with pytest.raises(LatticeTooLargeError, match="82 possible datasets"):
        enumerate_multisets(cell)


# --- samplers


def _frequencies(cell: Cell, rows: IntArray) -> list[int]:
    seen: Counter[tuple[int, ...]] = Counter(map(tuple, rows.tolist()))
    every: list[tuple[int, ...]] = [tuple(row) for row in enumerate_multisets(cell).tolist()]
    assert set(seen) <= set(every)
    return [seen[row] for row in every]


SAMPLED = [
    _cell(15, "2.5", "1.9"),
    _cell(15, "2.5", "1.9", attained_low=1, attained_high=7, required=(2, 2)),
    _cell(6, "2.5", None, 1, 4),
    _cell(20, "0.3", "0.5", 0, 2),
]


@pytest.mark.parametrize("cell", SAMPLED)
def test_sampling_is_uniform(cell: Cell) -> None:
    assert chisquare(_frequencies(cell, sample(cell, 20_000, seed=11))).pvalue > 0.001


@pytest.mark.parametrize("cell", SAMPLED)
def test_weighted_sampling_is_the_conditional_prior(cell: Cell) -> None:
    weights = [0.8**place * (1 + place % 2) for place in range(cell.size)]
    mass = multinomial.pmf(enumerate_multisets(cell), cell.n, np.array(weights) / sum(weights))
    seen = np.array(_frequencies(cell, sample(cell, 20_000, seed=5, weights=weights)))
    expected = mass / mass.sum() * 20_000
    # Cells with fewer than five expected are pooled, as the chi-squared approximation asks.
    rare = expected < 5
    observed = np.append(seen[~rare], seen[rare].sum())
    wanted = np.append(expected[~rare], expected[rare].sum())
    kept = wanted > 0
    assert chisquare(observed[kept], wanted[kept]).pvalue > 0.001


def test_weights_choose_between_datasets_that_meet_in_one_state() -> None:
    # Of 1, 7, 7 and of 3, 3, 9 the deviations from 5 have one sum and one sum of squares.
    cell = _cell(3, "5.000", "3.464")
    weights = np.ones(10)
    weights[8] = 3
    drawn = to_values(cell, sample(cell, 4000, 1, weights))
    assert {tuple(row) for row in drawn.tolist()} == {(1, 7, 7), (3, 3, 9)}
    assert 0.72 < (drawn[:, 2] == 9).mean() < 0.78


def test_weighted_sampling_agrees_with_rejection() -> None:
    cell = _cell(6, "2", "1", 1, 4)
    prior = np.array([0.4, 0.3, 0.2, 0.1])
    draws = np.random.default_rng(8).multinomial(6, prior, size=200_000)
    allowed = {tuple(row): place for place, row in enumerate(enumerate_multisets(cell).tolist())}
    places = [allowed[row] for row in map(tuple, draws.tolist()) if row in allowed]
    kept = np.bincount(places, minlength=len(allowed))
    mass = multinomial.pmf(enumerate_multisets(cell), cell.n, prior)
    assert chisquare(kept, mass / mass.sum() * kept.sum()).pvalue > 0.001


def test_distinct_sampling_reaches_every_dataset_once() -> None:
    cell = _cell(15, "2.5", "1.9")
    rows = sample(cell, 82, seed=2, distinct=True)
    assert sorted(rows.tolist()) == enumerate_multisets(cell).tolist()


def test_the_seed_decides_the_sample() -> None:
    cell = _cell(26, "8.4", "1.6")
    assert sample(cell, 9, seed=4).tolist() == sample(cell, 9, np.random.default_rng(4)).tolist()
    assert sample(cell, 9, seed=4).tolist() != sample(cell, 9, seed=5).tolist()


# --- properties


@given(st.lists(st.integers(0, 8), min_size=2, max_size=30), st.integers(0, 2), st.sampled_from(sorted(ROUNDINGS)))
@settings(max_examples=150, deadline=None)
def test_a_dataset_is_among_those_of_its_own_statistics(values: list[int], decimals: int, rule: RoundingRule) -> None:
    mean, sd = _moments(tuple(Fraction(value) for value in sorted(values)))
    unit = Decimal(1).scaleb(-decimals)
    printed = [Reported(f"{value.quantize(unit, rounding=ROUNDINGS[rule][0]):f}") for value in (mean, sd)]
    cell = Cell(
        len(values), printed[0], printed[1], 0, 8, rule=rule, attained_low=min(values), attained_high=max(values)
    )
    rows = sample(cell, 20, seed=1)
    assert count(cell) >= 1
    assert np.all(rows.sum(axis=1) == len(values))
    for row in to_values(cell, rows):
        again = _moments(tuple(Fraction(int(value)) for value in row))
        assert all(_prints(value, wanted, rule) for value, wanted in zip(again, printed, strict=True))
        assert (row[0], row[-1]) == (min(values), max(values))


@given(st.integers(2, 12), st.integers(0, 60), st.integers(0, 30), st.integers(-5, 5))
@settings(max_examples=100, deadline=None)
def test_count_ignores_the_origin_and_the_direction_of_the_scale(n: int, mean: int, sd: int, shift: int) -> None:
    def text(tenths: int) -> Reported:
        return Reported(f"{Decimal(tenths) / 10:f}")

    original = count(Cell(n, text(mean), text(sd), 0, 6))
    shifted = Cell(n, text(mean + 10 * shift), text(sd), shift, 6 + shift)
    assert count(shifted) == original
    assert count(Cell(n, text(60 - mean), text(sd), 0, 6)) == original
