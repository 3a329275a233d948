"""A checker of reconstructed datasets that shares no code with the search that made them.

Nor with the statistics and the scorecard of the package: it counts in integers and fractions from the cells of the
table. Floating point enters only in the tail of the chi-squared distribution and in scipy's test of normality.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from vpresearch.published import Paper
from vpresearch.reconstruct.recount import Found, Root, recount
from vpresearch.reconstruct.rules import broken_rules, read_rows
from vpresearch.reported import Reported

_NOISE = Fraction(1, 10**12)


@dataclass(frozen=True)
class Failure:
    """A claim or a rule that a table does not satisfy.

    Attributes
    ----------
    claim : str
        Id of the claim, or ``rule.`` and the name of a rule.
    wanted, found : str
    """

    claim: str
    wanted: str
    found: str


def verify(table: pd.DataFrame, paper: Paper, instead: Mapping[str, Reported] | None = None) -> list[Failure]:
    """Find every claim and every rule that a dataset fails.

    Parameters
    ----------
    table : pandas.DataFrame, shape (n_vertebrae, n_columns)
        Canonical columns, one row a vertebra.
    paper : Paper
    instead : dict of str to Reported, optional
        By the id of a claim, a number to hold against the table instead of the printed one.

    Returns
    -------
    list of Failure
        Empty if all hold. A mean or a standard deviation holds if it lies in the closed interval of half a unit of
        the last printed place; standard deviations are compared by their squares.

    Examples
    --------
    >>> from vpresearch.project import PUBLISHED, RECONSTRUCTION
    >>> from vpresearch.published import read_paper
    >>> shipped = pd.read_csv(RECONSTRUCTION, keep_default_na=False)
    >>> [failure.claim for failure in verify(shipped, read_paper(PUBLISHED))]
    ['table3.vertebral_volume.p']
    """
    rows = read_rows(table, paper)
    failures = [Failure(f"rule.{rule}", "kept", found) for rule, found in broken_rules(rows, paper)]
    for claim in paper.claims:
        printed = (instead or {}).get(claim.id, claim.printed)
        found = recount(rows, claim.compute)
        if found is None or not _holds(found, printed):
            failures.append(Failure(claim.id, printed.printed, "nothing" if found is None else f"{float(found):.6g}"))
    return failures


def _holds(found: Found, printed: Reported) -> bool:
    half = Fraction(1, 2 * 10**printed.decimals)
    low, high = printed.value - half, printed.value + half
    if isinstance(found, Root):
        return max(low, Fraction(0)) ** 2 <= found.square <= high**2
    if printed.bound:
        return found > printed.value if printed.bound == ">" else found < printed.value
    # Only a p-value is in floating point; it must not be refused for its last bits.
    noise = _NOISE if isinstance(found, float) else 0
    return low - noise <= Fraction(found) <= high + noise
