"""Single printed facts of a paper, looked up by what they are."""

from __future__ import annotations

from vpresearch.audit import find
from vpresearch.published import Paper
from vpresearch.reported import Reported


def printed_value(paper: Paper, statistic: str, variable: str) -> int:
    """Give a whole number that is printed of a variable.

    Parameters
    ----------
    paper : Paper
    statistic, variable : str

    Returns
    -------
    int

    Raises
    ------
    KeyError
        If the paper does not print it.
    """
    claim = find(paper, statistic, variable)
    if claim is None:
        raise KeyError(f"{paper.key} does not print the {statistic} of {variable}")
    return int(claim.printed.value)


def printed_fill(paper: Paper) -> Reported:
    """Give the printed mean of cement over volume, percent.

    Parameters
    ----------
    paper : Paper

    Returns
    -------
    Reported

    Raises
    ------
    KeyError
        If the paper does not print it.
    """
    claim = find(paper, "mean", "fill_percent")
    if claim is None:
        raise KeyError(f"{paper.key} does not print the mean of fill_percent")
    return claim.printed


def printed_count(paper: Paper, group: dict[str, str] | None = None, *, over: str) -> int:
    """Give the printed number of patients or vertebrae in a group.

    Parameters
    ----------
    paper : Paper
    group : dict of str to str, optional
        Canonical value by column; everybody where empty.
    over : {"patients", "vertebrae"}

    Returns
    -------
    int

    Raises
    ------
    KeyError
        If the paper does not print it.
    """
    for claim in paper.claims:
        compute = claim.compute
        is_count = claim.kind == "count" and compute.over == over and compute.variable is None
        if is_count and dict(compute.group) == (group or {}):
            return int(claim.printed.value)
    raise KeyError(f"{paper.key} does not print the number of {over} in {group or 'all'}")


def level_counts(paper: Paper) -> dict[str, int]:
    """Give how many vertebrae of each level were treated.

    Parameters
    ----------
    paper : Paper

    Returns
    -------
    dict of str to int
        By level.
    """
    return {
        claim.compute.group["level"]: int(claim.printed.value)
        for claim in paper.claims
        if claim.kind == "count" and set(claim.compute.group) == {"level"}
    }


def rounded_count(paper: Paper, group: dict[str, str], n: int) -> int:
    """Give the number of n that a printed percentage stands for.

    Parameters
    ----------
    paper : Paper
    group : dict of str to str
    n : int

    Returns
    -------
    int
    """
    claim = find(paper, "percent", None, group)
    share = claim.printed.value / 100 if claim else 0
    return round(share * n)
