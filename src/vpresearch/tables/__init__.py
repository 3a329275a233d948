"""Tables: the paper's own, those that stand behind them, and the scorecard."""

from vpresearch.tables.audited import audit_table
from vpresearch.tables.behind import associations, comparisons, leak_kinds, outcome
from vpresearch.tables.exhibits import exhibits_table
from vpresearch.tables.free import spread_table
from vpresearch.tables.paper import table1, table2, table3, table4
from vpresearch.tables.table import Table, write
from vpresearch.tables.verdicts import scorecard_table

__all__ = [
    "Table",
    "associations",
    "audit_table",
    "comparisons",
    "exhibits_table",
    "leak_kinds",
    "outcome",
    "scorecard_table",
    "spread_table",
    "table1",
    "table2",
    "table3",
    "table4",
    "write",
]
