from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from vpresearch.privacy import Sum, derivable, suppress

Counts = dict[Any, int]


def two_way(rows: list[list[int]]) -> tuple[Counts, list[Sum]]:
    """A table with both margins and the grand total."""
    n, m = len(rows), len(rows[0])
    counts: Counts = {(i, j): rows[i][j] for i, j in product(range(n), range(m))}
    sums = [Sum(("row", i), tuple((i, j) for j in range(m))) for i in range(n)]
    sums += [Sum(("column", j), tuple((i, j) for i in range(n))) for j in range(m)]
    sums += [Sum("all", tuple(("row", i) for i in range(n))), Sum("all", tuple(("column", j) for j in range(m)))]
    for each in sums:
        counts[each.total] = sum(counts[part] for part in each.parts)
    return counts, sums


def alternatives(counts: Counts, sums: list[Sum], hidden: frozenset[object]) -> Iterator[Counts]:
    """Every table of whole numbers, at least 1 where hidden, that shows the same; by brute force."""
    free = [cell for cell in counts if cell in hidden]
    top = max(counts.values())
    for values in product(range(1, top + 2), repeat=len(free)):
        table = {**counts, **dict(zip(free, values, strict=True))}
        if all(table[each.total] == sum(table[part] for part in each.parts) for each in sums):
            yield table


tables = st.integers(2, 4).flatmap(
    lambda m: st.lists(st.lists(st.integers(0, 12), min_size=m, max_size=m), min_size=2, max_size=4)
)


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    counts, sums = two_way([[9, 8], [7, 0]])
    assert suppress(counts, sums, 5, known=["all"]) == frozenset()


def test_one_small_count_takes_three_more() -> None:
    counts, sums = two_way([[2, 20, 30], [10, 40, 50], [11, 60, 70]])
    hidden = suppress(counts, sums, 5, known=["all"])
    assert hidden == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_two_ones_are_not_enough() -> None:
    # 1 and 1 are the only two counts from 1 that add up to 2.
    counts = {"a": 1, "b": 1, "c": 30, "all": 32}
    assert suppress(counts, [Sum("all", ("a", "b", "c"))], 5, known=["all"]) == {"a", "b", "c"}


def test_zeros_are_hidden_where_nothing_less_would_do() -> None:
    counts, sums = {"a": 1, "b": 1, "c": 0, "all": 2}, [Sum("all", ("a", "b", "c"))]
    assert suppress(counts, sums, 2, known=["all"]) == {"a", "b", "c"}
    # Of hidden counts one of which is none nobody knows that they are at least 1.
    assert derivable(counts, sums, {"a", "b", "c"}) == frozenset()


def test_a_known_count_that_is_small_is_refused() -> None:
    with pytest.raises(ValueError, match="known elsewhere"):
        suppress({"a": 3, "all": 3}, [Sum("all", ("a",))], 5, known=["all"])


def test_hidden_margins_do_not_follow_from_shown_parts() -> None:
    # The total of the second row would give the first one's, and its only part would give the total.
    counts: Counts = {"a": 2, "b": 6, "row a": 2, "row b": 6, "row c": 9, "c": 9, "all": 17}
    sums = [Sum("row a", ("a",)), Sum("row b", ("b",)), Sum("row c", ("c",)), Sum("all", ("row a", "row b", "row c"))]
    hidden = suppress(counts, sums, 5, known=["all"])
    assert {"a", "row a", "b", "row b"} <= hidden
    assert derivable(counts, sums, hidden) == frozenset()


@given(tables, st.integers(2, 6))
@settings(max_examples=30)
def test_no_hidden_count_follows_from_the_shown_ones(rows: list[list[int]], min_cell: int) -> None:
    counts, sums = two_way(rows)
    known = ["all"] if counts["all"] >= min_cell else []
    hidden = suppress(counts, sums, min_cell, known)
    assert hidden >= {cell for cell, count in counts.items() if 0 < count < min_cell}
    assert not hidden.intersection(known)
    assert derivable(counts, sums, hidden) == frozenset()


@given(st.lists(st.lists(st.integers(0, 4), min_size=2, max_size=2), min_size=2, max_size=2), st.integers(2, 4))
@settings(max_examples=60)
def test_what_is_derivable_is_so_by_brute_force(rows: list[list[int]], min_cell: int) -> None:
    counts, sums = two_way(rows)
    hidden = frozenset(cell for cell, count in counts.items() if 0 < count < min_cell)
    assume(0 < len(hidden) <= 4)
    tables = list(alternatives(counts, sums, hidden))
    fixed = {cell for cell in hidden if len({table[cell] for table in tables}) == 1}
    assert derivable(counts, sums, hidden) == fixed


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.lists(st.integers(0, 9), min_size=1, max_size=6))
@settings(max_examples=60)
def test_nested_groups_are_safe(first: list[int], second: list[int]) -> None:
    counts: Counts = {("T", i): n for i, n in enumerate(first)} | {("L", i): n for i, n in enumerate(second)}
    sums = [Sum(region, tuple(cell for cell in counts if cell[0] == region)) for region in "TL"]
    counts |= {each.total: sum(counts[part] for part in each.parts) for each in sums}
    counts["all"] = counts["T"] + counts["L"]
    assume(counts["all"] >= 5)
    sums.append(Sum("all", ("T", "L")))
    hidden = suppress(counts, sums, 5, known=["all"])
    assert derivable(counts, sums, hidden) == frozenset()
    # A reader who subtracts: no sum has just one hidden count.
    assert all(len(hidden & {each.total, *each.parts}) != 1 for each in sums)
