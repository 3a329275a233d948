"""Tables: the paper's own, those that stand behind them, and the scorecard."""

from vpresearch.render.table import Table, write
from vpresearch.tables.audited import audit_table, scorecard_table, spread_table
from vpresearch.tables.behind import associations, comparisons, leak_kinds, outcome
from vpresearch.tables.exhibits import exhibits_table
from vpresearch.tables.extension import comparators_table, relief_table
from vpresearch.tables.leak_risk import dose_table, leak_risk_table, models_table
from vpresearch.tables.paper import table1, table2, table3, table4
from vpresearch.tables.sensitivity import (
    assumptions_table,
    implied_table,
    precision_table,
    simulation_table,
    specification_table,
    validation_table,
)

__all__ = [
    "Table",
    "associations",
    "assumptions_table",
    "audit_table",
    "comparators_table",
    "comparisons",
    "dose_table",
    "exhibits_table",
    "implied_table",
    "leak_kinds",
    "leak_risk_table",
    "models_table",
    "outcome",
    "precision_table",
    "relief_table",
    "scorecard_table",
    "simulation_table",
    "specification_table",
    "spread_table",
    "table1",
    "table2",
    "table3",
    "table4",
    "validation_table",
    "write",
]
