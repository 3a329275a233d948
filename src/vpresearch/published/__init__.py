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
    "read_paper",
]
