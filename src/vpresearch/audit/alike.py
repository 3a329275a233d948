"""Baseline p-values of a randomised study together: whether they are too alike to come of chance alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.special import chdtrc, ndtr, ndtri

from vpresearch.audit.check import Check
from vpresearch.core.reported import Interval, RoundingRule
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


def combined(printed: list[Interval]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return twice the chance of p as large together, at most 1, by Stouffer's and by Fisher's method, as ranges."""
    ends = np.clip([[each.low or 0, 1 if each.high is None else each.high] for each in printed], 0, 1).astype(float)
    with np.errstate(divide="ignore"):
        stouffer = np.minimum(1, 2 * ndtr(-ndtri(ends).sum(axis=0) / np.sqrt(len(ends))))
        fisher = np.minimum(1, 2 * chdtrc(2 * len(ends), -2 * np.log1p(-ends).sum(axis=0)))
    return (float(stouffer[1]), float(stouffer[0])), (float(fisher[1]), float(fisher[0]))
