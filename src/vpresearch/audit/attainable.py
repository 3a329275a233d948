"""Which p-values the printed means, standard deviations and group sizes leave possible."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.special import chdtrc

from vpresearch.audit.t_bounds import t_bounds
from vpresearch.reported import Interval, Reported, RoundingRule


@dataclass(frozen=True)
class AttainableP:
    """What a test can give, held against a printed p-value.

    Attributes
    ----------
    test : {"student", "kruskal"}
    low, high : float
        Neighbourhood of the printed p: every attainable p is between them (Student), or none is (Kruskal-Wallis).
    nearest : float
        The attainable p nearest to the printed one, or the printed one where it is attainable.
    possible : bool
        False is proved; True means that these bounds do not exclude the printed p.
    """

    test: str
    low: float
    high: float
    nearest: float
    possible: bool


def student_from_printed(
    p: Reported, means: tuple[Reported, Reported], sds: tuple[Reported, Reported], sizes: tuple[int, int]
) -> AttainableP:
    """Bound Student's p over everything that the printed means and standard deviations stand for.

    Parameters
    ----------
    p : Reported
        Printed p-value.
    means, sds : pair of Reported
    sizes : pair of int

    Returns
    -------
    AttainableP
        ``low`` and ``high`` are the smallest and largest attainable p.

    Examples
    --------
    >>> volume = student_from_printed(
    ...     Reported("0,466"), (Reported("27,0"), Reported("24,5")), (Reported("5,9"), Reported("5,9")), (26, 15))
    >>> round(volume.low, 3), round(volume.high, 3), volume.possible
    (0.178, 0.221, False)
    """
    low, high = t_bounds(means, sds, sizes, equal_var=True)
    printed = p.interval()
    possible = _overlap(printed, low, high)
    nearest = float(p.value) if possible else min((low, high), key=lambda end: abs(end - float(p.value)))
    return AttainableP("student", low, high, nearest, possible)


def kruskal_without_contrived_ties(
    p: Reported, sizes: tuple[int, int], most_equal: int, continuity: float = 0.0, rule: RoundingRule = "any"
) -> AttainableP:
    """Find the Kruskal-Wallis p-values next to a printed one, when no value occurs more than a few times.

    The rank sum moves in halves, so p moves in steps; equal values shrink the variance by a factor that is
    smallest when all values come in groups of ``most_equal``. A printed p between the reach of one step and the
    next cannot occur.

    Parameters
    ----------
    p : Reported
        Printed p-value.
    sizes : pair of int
    most_equal : int
        No value occurs more often.
    continuity : float, default 0
        Taken off the excess of the rank sum; 0.5 gives the Mann-Whitney test with its correction.
    rule : {"any", "half-up", "half-even", "truncation"}, default "any"
        How the printed p was rounded.

    Returns
    -------
    AttainableP
        ``low`` and ``high`` are the attainable p on either side of the printed one.

    References
    ----------
    Kruskal WH, Wallis WA. J Am Stat Assoc 1952;47:583-621.

    Examples
    --------
    >>> volume = kruskal_without_contrived_ties(Reported("0,466"), (26, 15), 3)
    >>> round(volume.low, 4), round(volume.high, 4), volume.possible
    (0.4649, 0.4722, False)
    """
    n = sum(sizes)
    variance = math.prod(sizes) * (n + 1) / 12
    # All n values equal leave no rank test.
    most_equal = min(most_equal, n - 1)
    groups, rest = divmod(n, most_equal)
    tied = groups * (most_equal**3 - most_equal) + rest**3 - rest
    least_variance = variance * (1 - tied / (n**3 - n))
    printed = p.interval(rule)
    below, above = 0.0, 1.0
    for doubled in range(math.prod(sizes) + 1):
        excess2 = max(0.0, doubled / 2 - continuity) ** 2
        # Half a rank needs a tie across the groups, so only whole excesses reach the variance without ties.
        high, low = float(chdtrc(1, excess2 / variance)), float(chdtrc(1, excess2 / least_variance))
        if _overlap(printed, low, high):
            return AttainableP("kruskal", low, high, float(p.value), True)
        if high < float(p.value):
            below = max(below, high)
        else:
            above = min(above, low)
    # Zero is where the steps were counted from, and no p that they attain.
    attained = [end for end in (below, above) if end > 0]
    nearest = min(attained, key=lambda end: abs(end - float(p.value)))
    return AttainableP("kruskal", below, above, nearest, False)


def _overlap(printed: Interval, low: float, high: float) -> bool:
    return (printed.low is None or high >= printed.low) and (printed.high is None or low <= printed.high)
