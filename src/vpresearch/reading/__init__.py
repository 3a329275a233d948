"""From files as clinicians save them to a table with known columns and typed cells, and all that is wrong in it."""

from vpresearch.reading.cells import is_code, look_at_sex, said_empty, type_cells, without_examples
from vpresearch.reading.file import read_bytes, read_sheets
from vpresearch.reading.headers import ANALYSED, Matched, column_of, follow_ups, match_headers
from vpresearch.reading.raw import RawTable
from vpresearch.reading.table import find_table, join_headers, look_at_ids, set_aside, unmerge
from vpresearch.reading.wide import look_at_shape, reshape

__all__ = [
    "ANALYSED",
    "Matched",
    "RawTable",
    "column_of",
    "find_table",
    "follow_ups",
    "is_code",
    "join_headers",
    "look_at_ids",
    "look_at_sex",
    "look_at_shape",
    "match_headers",
    "read_bytes",
    "read_sheets",
    "reshape",
    "said_empty",
    "set_aside",
    "type_cells",
    "unmerge",
    "without_examples",
]
