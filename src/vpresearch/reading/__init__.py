"""From files as clinicians save them to a table with known columns and typed cells, and all that is wrong in it."""

from vpresearch.reading.cells import type_cells, without_examples
from vpresearch.reading.file import read_bytes, read_sheets
from vpresearch.reading.headers import Matched, column_of, match_headers
from vpresearch.reading.ids import look_at_ids
from vpresearch.reading.merged import unmerge
from vpresearch.reading.raw import RawTable
from vpresearch.reading.sex import look_at_sex
from vpresearch.reading.strangers import without_strangers
from vpresearch.reading.table import find_table
from vpresearch.reading.wide import find_groups, is_redcap, lengthen, tell_groups

__all__ = [
    "Matched",
    "RawTable",
    "column_of",
    "find_groups",
    "find_table",
    "is_redcap",
    "lengthen",
    "look_at_ids",
    "look_at_sex",
    "match_headers",
    "read_bytes",
    "read_sheets",
    "tell_groups",
    "type_cells",
    "unmerge",
    "without_examples",
    "without_strangers",
]
