"""Look a printed number up by what it is, not by what a paper's file calls it."""

from __future__ import annotations

from collections.abc import Mapping

from vpresearch.published import Claim, Paper


def find(
    paper: Paper, statistic: str, variable: str | None = None, group: Mapping[str, str] | None = None
) -> Claim | None:
    """Find the claim that prints a statistic of a group over vertebrae or patients.

    Parameters
    ----------
    paper : Paper
    statistic : str
    variable : str, optional
        Canonical column.
    group : dict of str to str, optional
        Canonical value by column; everybody where empty.

    Returns
    -------
    Claim or None
        The one with most decimals, where the paper prints the number with fewer elsewhere.

    Examples
    --------
    >>> from vpresearch.project import PUBLISHED
    >>> from vpresearch.published import read_paper
    >>> paper = read_paper(PUBLISHED)
    >>> find(paper, "mean", "vertebral_volume_cc", {"leak": "no"}).printed.printed
    '27,0'
    """
    found = [
        claim
        for claim in paper.claims
        if claim.kind != "verbal"
        and claim.compute.statistic == statistic
        and claim.compute.variable == variable
        and dict(claim.compute.group) == dict(group or {})
    ]
    return max(found, key=lambda claim: claim.printed.decimals, default=None)
