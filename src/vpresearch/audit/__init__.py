"""What the printed numbers allow, without any data."""

from vpresearch.audit.attainable import AttainableP, kruskal_without_contrived_ties, student_from_printed
from vpresearch.audit.diagnose import Finding, findings, p_bounds
from vpresearch.audit.find import find
from vpresearch.audit.vas import Freedom, freedom

__all__ = [
    "AttainableP",
    "Finding",
    "Freedom",
    "find",
    "findings",
    "freedom",
    "kruskal_without_contrived_ties",
    "p_bounds",
    "student_from_printed",
]
