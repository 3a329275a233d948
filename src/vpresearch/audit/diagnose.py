"""What the printed numbers alone say about one another: proofs, each from a few printed values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from vpresearch.audit.cells import halves, pooled_mean
from vpresearch.audit.check import find
from vpresearch.audit.counts import fitting_counts
from vpresearch.audit.p_attained import AttainableP, kruskal_without_contrived_ties, student_from_printed
from vpresearch.core.dictionary import columns
from vpresearch.core.reported import Reported
from vpresearch.published import Claim, Paper

_NO_LEAK, _LEAK = {"leak": "no"}, {"leak": "yes"}


@dataclass(frozen=True)
class Finding:
    """Something proved about a claim from other printed numbers."""

    code: str
    values: dict[str, str | float]


def findings(paper: Paper, claim: Claim) -> list[Finding]:
    """Collect what the other printed numbers prove about a claim."""
    return [*_unattainable_p(paper, claim), *_forced_unit(paper, claim), *_forced_denominator(paper, claim)] + [
        Finding(
            "printed_twice",
            {"places": "; ".join(other.places), "printed": other.printed.printed, "over": other.compute.over},
        )
        for other in _same_quantity(paper, claim)
    ]


# A scorecard asks it of the same p for each dataset.
@lru_cache(maxsize=256)
def p_bounds(paper: Paper, variable: str, p: Reported, over: str | None = None) -> tuple[AttainableP, ...]:
    """Bound what the tests of the protocol can give for a variable, and hold a p-value against it."""
    means = [find(paper, "mean", variable, group, over) for group in (_NO_LEAK, _LEAK)]
    sds = [find(paper, "sd", variable, group, over) for group in (_NO_LEAK, _LEAK)]
    sizes = [find(paper, "n", None, group, over) for group in (_NO_LEAK, _LEAK)]
    if None in (*means, *sds, *sizes):
        return ()
    printed = [tuple(claim.printed for claim in pair if claim) for pair in (means, sds, sizes)]
    n = tuple(int(size.value) for size in printed[2])
    student = student_from_printed(p, printed[0], printed[1], n)  # type: ignore[arg-type]
    # Without the correction every rank sum has the p that it has without ties.
    plain = replace(kruskal_without_contrived_ties(p, n, 1), test="kruskal_uncorrected")
    grid = paper.grids.get(variable)
    most_equal = grid.most_equal if grid is not None else None
    if most_equal is None:
        return student, AttainableP("kruskal", 0.0, 1.0, float(p.value), True), plain
    return student, kruskal_without_contrived_ties(p, n, most_equal), plain


def _unattainable_p(paper: Paper, claim: Claim) -> list[Finding]:
    """Prove that no test of the protocol gives a printed p, and look whether it belongs to another row."""
    others = claim.one_sided or not set(claim.tests) <= {"student", "kruskal"} or claim.compute.by not in (None, "leak")
    if claim.kind != "p" or others or not _excluded(paper, claim, claim.printed):
        return []
    student, kruskal, plain = p_bounds(paper, str(claim.compute.variable), claim.printed, claim.compute.over)
    proof = Finding(
        "p_unattainable",
        {
            "student_low": student.low,
            "student_high": student.high,
            "kruskal_low": kruskal.low,
            "kruskal_high": kruskal.high,
            "plain_low": plain.low,
            "plain_high": plain.high,
            "most_equal": float(paper.grids[str(claim.compute.variable)].most_equal or 0),
        },
    )
    table = claim.id.split(".")[0]
    found = [proof]
    for other in paper.claims:
        if other.kind != "p" or other.id.split(".")[0] != table or other is claim:
            continue
        variable = str(other.compute.variable)
        if not _excluded(paper, claim, other.printed) and not _excluded(paper, other, claim.printed):
            found.append(Finding("p_exchanged", {"variable": variable, "printed": other.printed.printed}))
        here, there = _giving(paper, other, claim.printed), _giving(paper, other, other.printed)
        two = next(((one, test) for one in here for test in there if test != one), None)
        if two is not None:
            found.append(Finding("p_copied", {"variable": variable, "first_test": two[0], "second_test": two[1]}))
    return found


def _giving(paper: Paper, claim: Claim, p: Reported) -> list[str]:
    """List the tests of the protocol that are not excluded from giving a p in the place of a printed one."""
    bounds = p_bounds(paper, str(claim.compute.variable), p, claim.compute.over)
    return [bound.test for bound in bounds if bound.possible]


def _excluded(paper: Paper, claim: Claim, p: Reported) -> bool:
    bounds = p_bounds(paper, str(claim.compute.variable), p, claim.compute.over)
    return bool(bounds) and not any(bound.possible for bound in bounds)


def _forced_unit(paper: Paper, claim: Claim) -> list[Finding]:
    """Prove that an overall mean of patients cannot be one of vertebrae, whose group means are printed."""
    compute = claim.compute
    if claim.kind != "mean" or compute.over != "patients" or compute.group:
        return []
    for first, second in halves(paper):
        if first.variable != compute.variable or first.over == compute.over:
            continue
        low, high = pooled_mean((first, second))
        printed = claim.printed.interval()
        if (printed.high is not None and printed.high < low) or (printed.low is not None and printed.low > high):
            return [Finding("unit_forced", {"low": float(low), "high": float(high)})]
    return []


def _forced_denominator(paper: Paper, claim: Claim) -> list[Finding]:
    """Prove that a percentage of a patients' column is not one of patients."""
    column = columns().get(next(iter(claim.compute.group), ""))
    patients = _n(paper, "patients")
    if claim.kind != "percentage" or column is None or column.unit_of_observation != "patient" or patients is None:
        return []
    if fitting_counts(claim, patients):
        return []
    return [Finding("denominator_forced", {"patients": float(patients)})]


def _n(paper: Paper, over: str) -> int | None:
    for claim in paper.claims:
        if claim.kind == "count" and claim.compute.over == over and not claim.compute.group:
            return int(claim.printed.value)
    return None


def _same_quantity(paper: Paper, claim: Claim) -> list[Claim]:
    """Claims that print another value of the same quantity."""
    return [
        other
        for other in paper.claims
        if other is not claim
        and claim.kind == other.kind == "mean"
        and other.compute.variable == claim.compute.variable
        and dict(other.compute.group) == dict(claim.compute.group)
        and other.printed.value != claim.printed.value
    ]
