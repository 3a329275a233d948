"""The whole audit of a paper's printed numbers."""

from __future__ import annotations

import numpy as np

from vpresearch.audit.check import Check
from vpresearch.audit.contingency import check_contingency
from vpresearch.audit.counts import check_counts, check_moments
from vpresearch.audit.derived import check_derived
from vpresearch.audit.joined import check_joined
from vpresearch.audit.p_values import check_p_values
from vpresearch.core.reported import RoundingRule
from vpresearch.published import Paper


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
    rng = np.random.default_rng(seed)
    return [
        *check_counts(paper, rule),
        *check_moments(paper, rule, rng),
        *check_joined(paper, rule, rng),
        *check_p_values(paper, rule, rng),
        *check_contingency(paper, rule),
        *check_derived(paper, rule),
    ]
