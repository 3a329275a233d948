"""What the searches aim at, drawn from a paper's claims."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from vpresearch.audit import find, p_bounds
from vpresearch.core.reported import Reported
from vpresearch.published import Paper

NO_LEAK, LEAK = {"leak": "no"}, {"leak": "yes"}


@dataclass(frozen=True)
class Moments:
    """Printed mean and standard deviation of a group."""

    n: int
    mean: Reported
    sd: Reported | None


@dataclass(frozen=True)
class Target:
    """Everything printed of one variable that is compared by leak."""

    variable: str
    step: Fraction
    no_leak: Moments
    leak: Moments
    pooled: Moments | None
    minimum: Reported | None
    maximum: Reported | None
    p: Reported
    most_equal: int | None

    @property
    def ends(self) -> tuple[int, int]:
        """Smallest and largest value, in steps of the grid."""
        if self.minimum is None or self.maximum is None:
            raise KeyError(f"the minimum and maximum of {self.variable} are not printed")
        return round(self.minimum.value / self.step), round(self.maximum.value / self.step)


def target(paper: Paper, variable: str) -> Target:
    """Collect what is printed of a variable over vertebrae."""
    no_leak = Moments(_count(paper, NO_LEAK), _needed(paper, "mean", variable, NO_LEAK), _sd(paper, variable, NO_LEAK))
    leak = Moments(_count(paper, LEAK), _needed(paper, "mean", variable, LEAK), _sd(paper, variable, LEAK))
    mean = _printed(paper, "mean", variable, None, over="vertebrae")
    pooled = Moments(no_leak.n + leak.n, mean, _sd(paper, variable, None)) if mean else None
    return Target(
        variable,
        Fraction(paper.grids[variable].step),
        no_leak,
        leak,
        pooled,
        _printed(paper, "min", variable, None),
        _printed(paper, "max", variable, None),
        _nearest_attainable(paper, variable),
        paper.grids[variable].most_equal,
    )


def attainable(paper: Paper) -> dict[str, Reported]:
    """Return the numbers that are aimed at instead of printed ones that are proved unattainable."""
    compared = [claim for claim in paper.claims if claim.kind == "p"]
    nearest = [(claim, _nearest_attainable(paper, str(claim.compute.variable))) for claim in compared]
    return {claim.id: p for claim, p in nearest if p != claim.printed}


def _nearest_attainable(paper: Paper, variable: str) -> Reported:
    """Return the printed p-value, or where it is proved unattainable the nearest one that is not."""
    p = _needed(paper, "p", variable, None)
    bounds = p_bounds(paper, variable, p)
    if not bounds or any(bound.possible for bound in bounds):
        return p
    return Reported(p.render(min(bounds, key=lambda bound: abs(bound.nearest - float(p.value))).nearest))


def _printed(
    paper: Paper, statistic: str, variable: str | None, group: dict[str, str] | None, over: str | None = None
) -> Reported | None:
    claim = find(paper, statistic, variable, group)
    return claim.printed if claim is not None and over in (None, claim.compute.over) else None


def _needed(paper: Paper, statistic: str, variable: str | None, group: dict[str, str] | None) -> Reported:
    printed = _printed(paper, statistic, variable, group)
    if printed is None:
        raise KeyError(f"{paper.key} does not print the {statistic} of {variable} in {group or 'all'}")
    return printed


def _sd(paper: Paper, variable: str, group: dict[str, str] | None) -> Reported | None:
    return _printed(paper, "sd", variable, group)


def _count(paper: Paper, group: dict[str, str]) -> int:
    return int(_needed(paper, "n", None, group).value)


def printed_value(paper: Paper, statistic: str, variable: str) -> int:
    """Return a whole number that is printed of a variable."""
    claim = find(paper, statistic, variable)
    if claim is None:
        raise KeyError(f"{paper.key} does not print the {statistic} of {variable}")
    return int(claim.printed.value)


def printed_fill(paper: Paper) -> Reported:
    """Return the printed mean of cement over volume, percent."""
    claim = find(paper, "mean", "fill_percent")
    if claim is None:
        raise KeyError(f"{paper.key} does not print the mean of fill_percent")
    return claim.printed


def printed_count(paper: Paper, group: dict[str, str] | None = None, *, over: str) -> int:
    """Return the printed number of patients or vertebrae in a group."""
    for claim in paper.claims:
        compute = claim.compute
        is_count = claim.kind == "count" and compute.over == over and compute.variable is None
        if is_count and dict(compute.group) == (group or {}):
            return int(claim.printed.value)
    raise KeyError(f"{paper.key} does not print the number of {over} in {group or 'all'}")


def level_counts(paper: Paper) -> dict[str, int]:
    """Return how many vertebrae of each level were treated."""
    return {
        claim.compute.group["level"]: int(claim.printed.value)
        for claim in paper.claims
        if claim.kind == "count" and set(claim.compute.group) == {"level"}
    }


def rounded_count(paper: Paper, group: dict[str, str], n: int) -> int:
    """Return the number of n that a printed percentage stands for."""
    claim = find(paper, "percent", None, group)
    share = claim.printed.value / 100 if claim else 0
    return round(share * n)
