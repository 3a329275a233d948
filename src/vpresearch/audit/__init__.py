"""What the printed numbers allow, without any data."""

from vpresearch.audit.audit import Covered, audit, coverage
from vpresearch.audit.check import Check, Correction, find
from vpresearch.audit.conclusions import Conclusion, conclusions
from vpresearch.audit.diagnose import Finding, findings, p_bounds
from vpresearch.audit.entailed import implied_by
from vpresearch.audit.p_attained import AttainableP, kruskal_without_contrived_ties, student_from_printed

__all__ = [
    "AttainableP",
    "Check",
    "Conclusion",
    "Correction",
    "Covered",
    "Finding",
    "audit",
    "conclusions",
    "coverage",
    "find",
    "findings",
    "implied_by",
    "kruskal_without_contrived_ties",
    "p_bounds",
    "student_from_printed",
]
