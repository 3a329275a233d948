"""What is more alike than chance alone often makes it: baseline p-values together, means and SDs of several groups."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import chdtrc, ndtr, ndtri

from vpresearch.audit.cells import Group, Where, side_by_side
from vpresearch.audit.check import Check
from vpresearch.core.reported import Interval, Reported, RoundingRule
from vpresearch.published import Paper

# Fewer say nothing together; below so small a p it is remarked on.
_FEWEST, _SMALL = 5, 0.01
# What gives steps, and p that are too large on average, is not tested as if it were continuous.
_OF_COUNTS = frozenset({"chi_squared", "fisher", "likelihood_ratio"})


def check_alike(paper: Paper, rule: RoundingRule) -> Iterator[Check]:
    """Combine the p that the file says to compare randomised groups at baseline.

    Carlisle JB. Anaesthesia 2017;72:944-952.
    """
    flagged = [claim for claim in paper.claims if claim.randomised]
    if not flagged:
        return
    used = [claim for claim in flagged if not claim.one_sided and not _OF_COUNTS & set(claim.tests)]
    n: dict[str, str | float] = {"n": float(len(used)), "m": float(len(flagged))}
    if len(used) < _FEWEST:
        yield Check(
            "alike", tuple(claim.id for claim in flagged), "undecided", "alike_few", n | {"least": str(_FEWEST)}
        )
        return
    stouffer, fisher = combined([claim.printed.interval(rule) for claim in used])
    values = n | {"low": stouffer[0], "high": stouffer[1], "fisher_low": fisher[0], "fisher_high": fisher[1]}
    ids = tuple(claim.id for claim in used)
    # Whatever the rounding, and by both: no more than a remark, as chance alone may do it.
    if max(stouffer[1], fisher[1]) < _SMALL:
        yield Check("alike", ids, "undecided", "too_alike", values)
    else:
        witness = f"{stouffer[0]:.6g} - {stouffer[1]:.6g}; {fisher[0]:.6g} - {fisher[1]:.6g}"
        yield Check("alike", ids, "possible", "not_too_alike", values, witness=witness)


def check_same(paper: Paper) -> Iterator[Check]:
    """Remark on groups that print the very same mean and SD: three and more, or two of two variables and more."""
    found: dict[tuple[str, tuple[Where, ...]], list[list[Group]]] = {}
    for parts in side_by_side(paper):
        alike: dict[tuple[Reported, ...], list[Group]] = {}
        for part in parts:
            both = tuple(part.claims[name].printed for name in ("mean", "sd") if name in part.claims)
            # Coarse numbers, of fewer than two decimals that are not noughts, are often the same.
            if len(both) == 2 and all((10 * printed.value) % 1 for printed in both):
                alike.setdefault(both, []).append(part)
        for same in alike.values():
            found.setdefault((same[0].over, tuple(sorted(part.where for part in same))), []).append(same)
    for (_, where), variables in found.items():
        if len(where) > 2 or (len(where) == 2 and len(variables) > 1):
            ids = tuple(name for same in variables for part in same for name in part.ids)
            numbers = ", ".join(
                " ± ".join(same[0].claims[name].printed.printed for name in ("mean", "sd")) for same in variables
            )
            values: dict[str, str | float] = {"n": float(len(where)), "candidates": numbers}
            yield Check("same_summaries", ids, "undecided", "same_summaries", values)


def combined(printed: list[Interval]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return twice the chance of p as large together, at most 1, by Stouffer's and by Fisher's method, as ranges."""
    ends = np.clip([[each.low or 0, 1 if each.high is None else each.high] for each in printed], 0, 1).astype(float)
    with np.errstate(divide="ignore"):
        stouffer = np.minimum(1, 2 * ndtr(-ndtri(ends).sum(axis=0) / np.sqrt(len(ends))))
        fisher = np.minimum(1, 2 * chdtrc(2 * len(ends), -2 * np.log1p(-ends).sum(axis=0)))
    return (float(stouffer[1]), float(stouffer[0])), (float(fisher[1]), float(fisher[0]))
