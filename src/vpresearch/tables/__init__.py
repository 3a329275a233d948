"""Tables: the paper's own, those that stand behind them, and the scorecard."""

from vpresearch.render.table import TABLES, Exhibit, Table, write
from vpresearch.tables import audited, behind, extension, leak_risk, paper, sensitivity

__all__ = ["TABLES", "Table", "audited", "behind", "extension", "leak_risk", "paper", "sensitivity", "write"]


def __getattr__(name: str) -> Exhibit:
    """Find a table by the name of the function that lays it out."""
    try:
        return TABLES[name.removesuffix("_table")]
    except KeyError:
        raise AttributeError(name) from None
