"""Exact reconstruction of small datasets on a lattice from their printed statistics."""

from vpresearch.lattice.cell import (
    Cell,
    SumClass,
    classes,
    count,
    enumerate_multisets,
    find_dataset,
    is_possible,
    sample,
    table_cost,
    to_values,
)
from vpresearch.lattice.joint import (
    Joint,
    JointRows,
    KruskalDistribution,
    PDistribution,
    joint_count,
    joint_rows,
    kruskal_p_distribution,
    pooled_bounds,
    t_p_distribution,
)
from vpresearch.lattice.multisets import LatticeTooLargeError, Window

__all__ = [
    "Cell",
    "Joint",
    "JointRows",
    "KruskalDistribution",
    "LatticeTooLargeError",
    "PDistribution",
    "SumClass",
    "Window",
    "classes",
    "count",
    "enumerate_multisets",
    "find_dataset",
    "is_possible",
    "joint_count",
    "joint_rows",
    "kruskal_p_distribution",
    "pooled_bounds",
    "sample",
    "t_p_distribution",
    "table_cost",
    "to_values",
]
