from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_ind_from_stats

from vpresearch.audit.p_attained import t_bounds
from vpresearch.core.reported import Reported

CASES = [
    (("27,0", "24,5"), ("5,9", "5,9"), (26, 15)),
    (("1,95", "2,13"), ("0,81", "0,68"), (26, 15)),
    (("8,4", "8,5"), ("1,6", "1,1"), (26, 15)),
    (("2,0", "9,0"), ("0,3", "4,0"), (5, 40)),
    (("3", "3"), ("1", "2"), (4, 6)),
]


@pytest.mark.parametrize("equal_var", [True, False])
@pytest.mark.parametrize(("means", "sds", "sizes"), CASES)
def test_no_p_of_the_rounding_box_lies_outside(
    means: tuple[str, str], sds: tuple[str, str], sizes: tuple[int, int], equal_var: bool
) -> None:
    printed_means, printed_sds = [Reported(mean) for mean in means], [Reported(sd) for sd in sds]
    low, high = t_bounds(tuple(printed_means), tuple(printed_sds), sizes, equal_var=equal_var)  # type: ignore[arg-type]
    rng = np.random.default_rng(1)
    boxes = [
        rng.uniform(float(number.value - number.half_unit), float(number.value + number.half_unit), 4000)
        for number in (*printed_means, *printed_sds)
    ]
    # Corners too, where the extremes are.
    corners = np.array(np.meshgrid(*[[box.min(), box.max()] for box in boxes])).reshape(4, -1)
    a, b, s, r = np.hstack([boxes, corners])
    p = np.asarray(ttest_ind_from_stats(a, s, sizes[0], b, r, sizes[1], equal_var=equal_var).pvalue)
    assert low - 1e-12 <= p.min()
    assert p.max() <= high + 1e-12


def test_student_is_not_welch() -> None:
    means, sds = (Reported("2,0"), Reported("9,0")), (Reported("0,3"), Reported("4,0"))
    student, welch = (t_bounds(means, sds, (5, 40), equal_var=equal) for equal in (True, False))
    assert student[0] > 100 * welch[0]


def test_without_a_printed_sd_nothing_is_bounded() -> None:
    assert t_bounds((Reported("1"), Reported("2")), (None, Reported("1")), (5, 5), equal_var=True) == (0.0, 1.0)
