"""Tables: the paper's own, those that stand behind them, and the scorecard."""

from collections.abc import Callable, Mapping

from vpresearch.render.table import Table, write
from vpresearch.results import Results
from vpresearch.tables.audited import (
    audit_table,
    conclusions_table,
    differences_table,
    digest_table,
    findings_table,
    judged_table,
    scorecard_table,
    spread_table,
)
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

# In the order of the report.
TABLES: Mapping[str, Callable[[Results, str], Table]] = {
    "table1": table1,
    "table2": table2,
    "table3": table3,
    "table4": table4,
    "leak_kinds": leak_kinds,
    "outcome": outcome,
    "comparisons": comparisons,
    "associations": associations,
    "exhibits": exhibits_table,
    "models": models_table,
    "leak_risk": leak_risk_table,
    "dose": dose_table,
    "validation": validation_table,
    "precision": precision_table,
    "relief": relief_table,
    "comparators": comparators_table,
    "specification": specification_table,
    "assumptions": assumptions_table,
    "simulation": simulation_table,
    "audit": lambda results, language: audit_table(results.checks, language),
    "audit_digest": lambda results, language: digest_table(results.checks, language),
    "audit_findings": lambda results, language: findings_table(results.checks, results.paper, language),
    "conclusions": conclusions_table,
    "scorecard": scorecard_table,
    "differences": differences_table,
    "spread": spread_table,
    "implied": implied_table,
}

__all__ = [
    "TABLES",
    "Table",
    "associations",
    "assumptions_table",
    "audit_table",
    "comparators_table",
    "comparisons",
    "conclusions_table",
    "differences_table",
    "digest_table",
    "dose_table",
    "exhibits_table",
    "findings_table",
    "implied_table",
    "judged_table",
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
