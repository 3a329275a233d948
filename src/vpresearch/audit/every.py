"""Every kind of check, in the order in which they are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeAlias

import numpy as np

from vpresearch.audit.alike import check_alike, check_same
from vpresearch.audit.changes import check_changes
from vpresearch.audit.check import Check
from vpresearch.audit.contingency import check_contingency, check_tables
from vpresearch.audit.counts import check_counts, check_moments
from vpresearch.audit.derived import check_derived
from vpresearch.audit.joined import check_joined
from vpresearch.audit.p_values import check_p_values
from vpresearch.audit.printed_tests import check_printed_tests
from vpresearch.audit.quantiles import check_quantile_data, check_quantiles
from vpresearch.audit.several import check_paired, check_several
from vpresearch.core.reported import RoundingRule
from vpresearch.published import Paper

Checks: TypeAlias = Callable[[Paper], Iterator[Check]]

# Of the same numbers and more, later ones hold what earlier ones do too.
TOGETHER = {"groups_joined": 1, "quantiles_mean": 2, "quantiles_sd": 3, "quantiles_counted": 4}


def every_check(rule: RoundingRule, seed: int | None, alarm: str = "") -> Iterator[Checks]:
    """List the kinds of checks; without a seed those that take a moment, and the one that may have given an alarm."""
    rng = None if seed is None else np.random.default_rng(seed)
    yield partial(check_counts, rule=rule)
    yield partial(check_moments, rule=rule, rng=rng)
    yield partial(check_joined, rule=rule, rng=rng)
    if rng is not None:
        yield partial(check_p_values, rule=rule, rng=rng)
    yield partial(check_tables if rng is None else check_contingency, rule=rule)
    yield partial(check_derived, rule=rule)
    yield partial(check_several, rule=rule, seed=seed)
    yield partial(check_paired, rule=rule)
    yield partial(check_printed_tests, rule=rule)
    yield partial(check_quantiles, rule=rule)
    if rng is not None or alarm == "quantiles_counted":
        yield partial(check_quantile_data, rule=rule)
    yield partial(check_changes, rule=rule)
    if rng is not None:
        yield partial(check_alike, rule=rule)
        yield check_same
