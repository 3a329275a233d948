"""The whole audit of a paper's printed numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from vpresearch.audit.alone import with_corrections
from vpresearch.audit.cells import compared, groups, may_compare
from vpresearch.audit.check import Check
from vpresearch.audit.derived import quantity
from vpresearch.audit.every import TOGETHER, every_check
from vpresearch.core.reported import RoundingRule
from vpresearch.published import Claim, Paper


def audit(paper: Paper, seed: int = 1, rule: RoundingRule = "any") -> list[Check]:
    """Check a paper's printed numbers against one another; no data are needed.

    Parameters
    ----------
    paper : Paper
    seed : int, default 1
        Of the searches for witnesses. Proofs do not depend on it.
    rule : {"any", "half-up", "half-even", "truncation"}
        How the numbers were rounded; ``"any"`` accepts both kinds of rounding, ends included.

    Returns
    -------
    list of Check

    Examples
    --------
    >>> import vpresearch as vp
    >>> checks = vp.audit_paper(vp.read_paper(vp.PUBLISHED))
    >>> found = {(check.check, check.claims[0]): check.verdict for check in checks}
    >>> found["p_student", "table3.vertebral_volume.p"]
    'impossible'
    >>> found["p_kruskal", "table4.vas_pre.p"]
    'possible'
    """
    return settled(paper, list(each_check(paper, seed, rule)), rule)


def each_check(paper: Paper, seed: int = 1, rule: RoundingRule = "any") -> Iterator[Check]:
    """Make one check after the other, for whoever shows them as they come."""
    for checks in every_check(rule, seed):
        yield from map(_unless_missing, checks(paper)) if paper.may_miss else checks(paper)


def settled(paper: Paper, checks: Sequence[Check], rule: RoundingRule = "any") -> list[Check]:
    """Tell of each fault once, with the number that would mend it, when all checks are made."""
    alarms = sorted((check for check in checks if check.alarm), key=lambda check: TOGETHER.get(check.check, 0))
    faults: list[set[str]] = []
    told = set()
    for check in alarms:
        # What fails for some numbers fails for more: one alarm a fault.
        if check.check not in TOGETHER or not any(fault <= set(check.claims) for fault in faults):
            faults.append(set(check.claims))
            told.add(id(check))
    return with_corrections(paper, [check for check in checks if not check.alarm or id(check) in told], rule)


def _unless_missing(check: Check) -> Check:
    """Leave open what is impossible only if every row has as many values as the head of its column says."""
    if check.verdict != "impossible" or check.code in _WITHOUT_N:
        return check
    return replace(check, verdict="undecided", only_if_none_missing=True)


# What cannot be right however many values are missing.
_WITHOUT_N = frozenset({"quantiles_disordered", "statistic_fails"})


# What says that a number was not checked, and what only supposes or reads otherwise.
_NO_CHECK = frozenset({"p_nought", "p_untried", "p_paired", "too_fine", "change_unknown"})
_READINGS = frozenset({"p_exchange", "p_copy", "sd_or_se", "alike", "same_summaries"})


@dataclass(frozen=True)
class Covered:
    """A printed number with the checks that it took part in, or the reason why in none."""

    claim: Claim
    checks: tuple[str, ...]
    why: str


def coverage(paper: Paper, checks: Sequence[Check]) -> list[Covered]:
    """Tell of every printed number what checked it, or why nothing did."""
    took_part: dict[str, dict[str, None]] = {claim.id: {} for claim in paper.claims}
    told: dict[str, str] = {}
    for check in checks:
        for name in check.claims:
            if check.code in _NO_CHECK:
                told.setdefault(name, check.code)
            elif not check.check.endswith("_natural_grid") and check.check not in _READINGS:
                took_part[name][check.check] = None
    for group in groups(paper):
        # The size and the extremes of a group take part in whatever its mean does.
        for name in ("n", "min", "max"):
            if name in group.claims:
                took_part[group.claims[name].id] |= took_part[group.claims["mean"].id]
    again = Counter(quantity(claim) for claim in paper.claims)
    for claim in paper.claims:
        if claim.kind not in {"verbal", "p", "test"} and again[quantity(claim)] > 1:
            took_part[claim.id]["printed_twice"] = None
    return [
        Covered(claim, tuple(took_part[claim.id]), "" if took_part[claim.id] else _why(paper, claim, told))
        for claim in paper.claims
    ]


def _why(paper: Paper, claim: Claim, told: dict[str, str]) -> str:
    """Say why nothing checked a number, by the word for it."""
    variable = claim.compute.variable
    if claim.id in told and told[claim.id] != "p_nought":
        return told[claim.id]
    if claim.kind == "p":
        if variable is None:
            return "p_alone"
        of_it = [group for group in groups(paper) if group.variable == variable and group.where]
        if claim.compute.by is not None or (of_it and may_compare(claim) and not compared(paper, claim)):
            return "p_by"
        if not of_it and any(other.compute.variable == variable for other in paper.claims if other.kind == "median"):
            return "p_of_medians"
        if not of_it:
            return "p_no_counts" if variable not in paper.grids else "p_no_groups"
        return "p_groups" if variable in paper.grids else "no_grid"
    if claim.kind in {"mean", "sd"}:
        means = {other.compute.variable for other in paper.claims if other.kind == "mean"}
        sized = {each.id for group in groups(paper) for each in group.claims.values()}
        return "no_mean" if variable not in means else "no_grid" if claim.id in sized else "no_n"
    return claim.kind
