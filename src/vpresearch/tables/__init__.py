"""Tables: the paper's own, those that stand behind them, and the scorecard."""

from vpresearch.tables.audited import audit_table
from vpresearch.tables.behind import associations, comparisons, leak_kinds, outcome
from vpresearch.tables.comparators import comparators_table
from vpresearch.tables.exhibits import exhibits_table
from vpresearch.tables.free import spread_table
from vpresearch.tables.leak_risk import dose_table, leak_risk_table, models_table
from vpresearch.tables.paper import table1, table2, table3, table4
from vpresearch.tables.precision import precision_table, validation_table
from vpresearch.tables.relief import relief_table
from vpresearch.tables.sensitivity import assumptions_table, implied_table, simulation_table, specification_table
from vpresearch.tables.table import Table, write
from vpresearch.tables.verdicts import scorecard_table

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
