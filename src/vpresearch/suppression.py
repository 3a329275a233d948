"""Suppression of small counts in tables with margins, so that no margin gives a suppressed count back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

# Whatever names a count and can be the key of a dictionary, which is invariant in its keys.
Cell = Any


@dataclass(frozen=True)
class Sum:
    """A margin: a count that is the sum of others.

    Attributes
    ----------
    total : hashable
        Name of the count.
    parts : tuple of hashable
        Names of the counts that add up to it.
    """

    total: Cell
    parts: tuple[Cell, ...]


def suppress(
    counts: Mapping[Cell, int], sums: Sequence[Sum], min_cell: int, known: Collection[Cell] = ()
) -> frozenset[Cell]:
    """Choose the counts to hide: the small ones, and as many others as keep these from being worked out.

    Zeros stay as long as that is possible: nobody is behind them. A reader then knows that a hidden count is at least
    1, and this is what the search reckons with.

    Parameters
    ----------
    counts : dict of hashable to int
        Every count that the table shows, margins included.
    sums : sequence of Sum
        How they add up.
    min_cell : int
        A count from 1 to below it is small.
    known : collection of hashable, optional
        Counts that stand elsewhere and cannot be hidden here, none of them small.

    Returns
    -------
    frozenset of hashable
        The names of the hidden counts. None of them follows from those that are shown, and none that is not small
        could be shown as well; where nothing less would do, every count but the known ones.

    Examples
    --------
    >>> counts = {"a": 3, "b": 9, "c": 20, "all": 32}
    >>> sorted(suppress(counts, [Sum("all", ("a", "b", "c"))], 5, known=["all"]))
    ['a', 'b']
    """
    hidden = {cell for cell, count in counts.items() if 0 < count < min_cell}
    if not hidden.isdisjoint(known):
        raise ValueError("a count that is known elsewhere is small")
    small = frozenset(hidden)
    while exposed := derivable(counts, sums, hidden):
        shown = [cell for cell, count in counts.items() if count and cell not in hidden and cell not in known]
        if not shown:
            return frozenset(counts) - frozenset(known)
        hidden.add(min(shown, key=lambda cell: _cost(cell, hidden, exposed, counts, sums)))
    # The search may have hidden more on its way than the end needs.
    for cell in sorted(hidden - small, key=lambda cell: -counts[cell]):
        if not derivable(counts, sums, hidden - {cell}):
            hidden.remove(cell)
    return frozenset(hidden)


def derivable(counts: Mapping[Cell, int], sums: Sequence[Sum], hidden: Collection[Cell]) -> frozenset[Cell]:
    """Find the hidden counts that follow from the shown ones.

    Parameters
    ----------
    counts : dict of hashable to int
    sums : sequence of Sum
    hidden : collection of hashable

    Returns
    -------
    frozenset of hashable
        Those that have one value in every table of whole numbers that shows the same, hidden ones at least 1 if no
        zero is hidden.

    Examples
    --------
    >>> counts, sums = {"a": 3, "b": 9, "all": 12}, [Sum("all", ("a", "b"))]
    >>> derivable(counts, sums, ["a"]), derivable(counts, sums, ["a", "b"])
    (frozenset({'a'}), frozenset())
    """
    places = {cell: place for place, cell in enumerate(cell for cell in counts if cell in hidden)}
    if not places:
        return frozenset()
    rows, rests = _equations(counts, sums, places)
    least = int(all(counts[cell] for cell in places))
    return frozenset(cell for cell, place in places.items() if _is_fixed(place, counts[cell], least, rows, rests))


def _equations(
    counts: Mapping[Cell, int], sums: Sequence[Sum], places: Mapping[Cell, int]
) -> tuple[NDArray[np.float64], list[float]]:
    """Write the sums in the hidden counts alone: what they must add up to."""
    rows, rests = [], []
    for each in sums:
        row, rest = np.zeros(len(places)), 0.0
        for cell, sign in ((each.total, 1), *((part, -1) for part in each.parts)):
            if cell in places:
                row[places[cell]] += sign
            else:
                rest -= sign * counts[cell]
        if row.any():
            rows.append(row)
            rests.append(rest)
    return np.array(rows).reshape(len(rows), len(places)), rests


def _is_fixed(place: int, value: int, least: int, rows: NDArray[np.float64], rests: list[float]) -> bool:
    """Whether no whole numbers from the least that keep the sums have another number in this place."""
    n = rows.shape[1]
    kept = [LinearConstraint(rows, rests, rests)] if len(rests) else []
    for low, high in ((float(least), value - 1.0), (value + 1.0, np.inf)):
        if low > high:
            continue
        lower, upper = np.full(n, float(least)), np.full(n, np.inf)
        lower[place], upper[place] = low, high
        # Feasible is status 0; with nothing to minimise there is no other bound to run into.
        if milp(np.zeros(n), constraints=kept, bounds=Bounds(lower, upper), integrality=np.ones(n, int)).status == 0:
            return False
    return True


def _cost(
    cell: Cell, hidden: Collection[Cell], exposed: Collection[Cell], counts: Mapping[Cell, int], sums: Sequence[Sum]
) -> tuple[int, bool, int, int]:
    """Rank what to hide next: where it joins lone hidden counts, beside an exposed one, no margin, and little."""
    own = [names for each in sums if cell in (names := {each.total, *each.parts})]
    lone = sum(len(names.intersection(hidden)) == 1 for names in own)
    beside = any(not names.isdisjoint(exposed) for names in own)
    return (-lone, not beside, sum(cell == each.total for each in sums), counts[cell])
