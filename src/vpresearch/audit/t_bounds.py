"""Outer bounds of a t test's p over everything that the printed means and standard deviations stand for."""

from __future__ import annotations

import math

from scipy.special import stdtr

from vpresearch.reported import Interval, Reported, RoundingRule


def t_bounds(
    means: tuple[Reported, Reported],
    sds: tuple[Reported | None, Reported | None],
    sizes: tuple[int, int],
    *,
    equal_var: bool,
    rule: RoundingRule = "any",
) -> tuple[float, float]:
    """Bound the p of Student's or Welch's test.

    |t| grows with the distance of the means and falls with either standard deviation; p falls with |t|, and at a given
    |t| with the degrees of freedom. Welch's degrees of freedom depend on the ratio of the two variances alone: they
    are largest where both groups weigh alike, and smallest at an end of the ratio's range. Taking each at its own
    extreme gives bounds that hold everywhere in the rounding box.

    Parameters
    ----------
    means : pair of Reported
    sds : pair of Reported or None
        No bound follows where one is not printed.
    sizes : pair of int
    equal_var : bool
        Student's test; otherwise Welch's.
    rule : {"any", "half-up", "half-even", "truncation"}

    Returns
    -------
    pair of float
        No smaller and no larger p is attainable.

    Examples
    --------
    >>> means, sds = (Reported("27,0"), Reported("24,5")), (Reported("5,9"), Reported("5,9"))
    >>> [round(end, 3) for end in t_bounds(means, sds, (26, 15), equal_var=True)]
    [0.178, 0.221]
    """
    if sds[0] is None or sds[1] is None:
        return 0.0, 1.0
    a, b = (_ends(mean.interval(rule)) for mean in means)
    s, r = (_ends(sd.interval(rule)) for sd in (sds[0], sds[1]))
    near, far = max(0.0, a[0] - b[1], b[0] - a[1]), max(a[1] - b[0], b[1] - a[0])
    errors = [_error(first, second, sizes, equal_var=equal_var) for first, second in zip(s, r, strict=True)]
    if errors[0] == 0:
        return 0.0, 1.0 if near == 0 else float(2 * stdtr(_df(s, r, sizes, equal_var=equal_var)[0], -near / errors[1]))
    df_low, df_high = _df(s, r, sizes, equal_var=equal_var)
    return float(2 * stdtr(df_high, -far / errors[0])), float(2 * stdtr(df_low, -near / errors[1]))


def _ends(interval: Interval) -> tuple[float, float]:
    if interval.low is None or interval.high is None:
        raise ValueError("a printed bound has no rounding interval")
    return max(float(interval.low), -math.inf), float(interval.high)


def _error(first: float, second: float, sizes: tuple[int, int], *, equal_var: bool) -> float:
    first, second = max(0.0, first), max(0.0, second)
    n, m = sizes
    if equal_var:
        return math.sqrt(((n - 1) * first**2 + (m - 1) * second**2) / (n + m - 2) * (1 / n + 1 / m))
    return math.sqrt(first**2 / n + second**2 / m)


def _df(
    first: tuple[float, float], second: tuple[float, float], sizes: tuple[int, int], *, equal_var: bool
) -> tuple[float, float]:
    n, m = sizes
    if equal_var:
        return n + m - 2, n + m - 2
    ends = [_welch_df(max(0.0, first[i]) ** 2 / n, max(0.0, second[1 - i]) ** 2 / m, sizes) for i in (0, 1)]
    weights = [(max(0.0, first[i]) ** 2 / n / (n - 1), max(0.0, second[1 - i]) ** 2 / m / (m - 1)) for i in (0, 1)]
    alike = weights[0][0] <= weights[0][1] and weights[1][0] >= weights[1][1]
    return min(ends), (n + m - 2 if alike else max(ends))


def _welch_df(first: float, second: float, sizes: tuple[int, int]) -> float:
    """Welch-Satterthwaite degrees of freedom of two variances of a mean."""
    if first + second == 0:
        return float(sum(sizes) - 2)
    return (first + second) ** 2 / (first**2 / (sizes[0] - 1) + second**2 / (sizes[1] - 1))
