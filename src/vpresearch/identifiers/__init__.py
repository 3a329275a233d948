"""Direct identifiers of patients in a table as it stands in a file: found, told without a value, and dropped."""

from vpresearch.identifiers.find import drop, find, identifies_nobody, kinds_of_file_name, may_name_somebody, screen
from vpresearch.identifiers.headers import Kind, kind_of_header
from vpresearch.identifiers.persons import names_a_person
from vpresearch.identifiers.values import kinds_of_value

__all__ = [
    "Kind",
    "drop",
    "find",
    "identifies_nobody",
    "kind_of_header",
    "kinds_of_file_name",
    "kinds_of_value",
    "may_name_somebody",
    "names_a_person",
    "screen",
]
