"""A paper's printed numbers, from its YAML."""

from vpresearch.published.claims import (
    QUANTILES,
    Claim,
    Compute,
    Grid,
    Kind,
    Paper,
    PrintedTest,
    Recomputed,
    Statement,
    Statistic,
    TestName,
    Unit,
)
from vpresearch.published.read import read_paper

__all__ = [
    "QUANTILES",
    "Claim",
    "Compute",
    "Grid",
    "Kind",
    "Paper",
    "PrintedTest",
    "Recomputed",
    "Statement",
    "Statistic",
    "TestName",
    "Unit",
    "read_paper",
]
