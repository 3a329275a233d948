"""How far two groups of values are from their printed statistics.

The energy of a candidate is a sum of distances from what is printed, each in units that make a miss of one printed
digit cost about one; it is zero exactly where all hold.
"""

from __future__ import annotations

import numpy as np

from vpresearch.reconstruct.anneal import outside
from vpresearch.reconstruct.batch import ExcessRange, Floats, Ints, ShapiroW, mean_and_sd, rank_excess, sums, tie_sum
from vpresearch.reconstruct.targets import Moments, Target
from vpresearch.reported import Reported

# The pretest must be failed clearly, not by the last digit.
_NOT_NORMAL_LEVEL = 0.045
# Doubled ranks of excess that weigh as much as half a unit in the last printed place of a mean.
_RANKS_A_DIGIT = 10


class GroupEnergy:
    """Distance of the vertebrae without and with a leak from what is printed of one variable.

    Parameters
    ----------
    aim : Target
    pull : float, default 0
        What a miss of one printed digit costs however far off the candidate is. Without it, the cost of a miss grows
        ever more slowly, and a candidate that fits one number perfectly and another not at all is hard to leave.
    """

    def __init__(self, aim: Target, pull: float = 0.0) -> None:
        self._pull = pull
        self._step = float(aim.step)
        self._w = ShapiroW(aim.no_leak.n, _NOT_NORMAL_LEVEL), ShapiroW(aim.leak.n, _NOT_NORMAL_LEVEL)
        self._excess = ExcessRange(aim.p, aim.no_leak.n + aim.leak.n, aim.no_leak.n)
        # The mean that is printed as the greater is taken to be the greater in ranks too.
        self._sign = 1 if aim.no_leak.mean.value > aim.leak.mean.value else -1
        self._no_leak, self._leak = self._limits(aim, aim.no_leak), self._limits(aim, aim.leak)
        self._pooled = self._limits(aim, aim.pooled) if aim.pooled is not None else []

    def __call__(self, no_leak: Ints, leak: Ints) -> Floats:
        """Give the energies, shape (n_chains,), of groups of shapes (n_chains, n_vertebrae), in steps of the grid."""
        both = np.hstack([no_leak, leak])
        own, others = sums(no_leak), sums(leak)
        energy = self._moments(no_leak.shape[1], *own, self._no_leak)
        energy += self._moments(leak.shape[1], *others, self._leak)
        energy += self._moments(both.shape[1], own[0] + others[0], own[1] + others[1], self._pooled)
        least, most = self._excess(tie_sum(both))
        miss = outside(self._sign * rank_excess(no_leak, leak), least, most)
        # By logarithm: the last tenth of a rank, which decides the last digit of p, must weigh too.
        energy += np.log1p(miss) + self._pull / _RANKS_A_DIGIT * miss
        above = [w(group) - w.critical for w, group in zip(self._w, (no_leak, leak), strict=True)]
        energy += np.maximum(0, np.minimum(*above)) * 20
        return energy

    def _limits(self, aim: Target, printed: Moments) -> list[tuple[float, float, float]]:
        """Give centre, reach and unit of the printed mean and standard deviation, in steps of the grid."""
        return [self._limit(aim, number) for number in (printed.mean, printed.sd) if number is not None]

    def _limit(self, aim: Target, printed: Reported) -> tuple[float, float, float]:
        half, centre = (float(length / aim.step) for length in (printed.half_unit, printed.value))
        # A fiftieth inside the interval, so that no rounding rule can turn a tie the other way.
        return centre - 0.98 * half, centre + 0.98 * half, half

    def _moments(self, n: int, total: Ints, squares: Ints, limits: list[tuple[float, float, float]]) -> Floats:
        energy = np.zeros(len(total))
        for moment, (low, high, half) in zip(mean_and_sd(n, total, squares), limits, strict=False):
            miss = outside(moment, low, high) / half
            energy += np.log1p(miss) + self._pull * miss
        return energy
