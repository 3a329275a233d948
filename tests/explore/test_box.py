from __future__ import annotations

import pytest

from vpresearch.explore.chart import NumberBox


@pytest.mark.parametrize(
    ("typed", "number", "shown"),
    [
        ("2,5", 2.5, "2,5"),
        (" 2.55 ", 2.55, "2,55"),
        ("3", 3.0, "3,0"),
        ("99", 12.0, "12,0"),
        ("-1", 0.1, "0,1"),
        ("two", 4.0, "4,0"),
        ("", 4.0, "4,0"),
        ("< 2", 4.0, "4,0"),
        ("nan", 4.0, "4,0"),
    ],
)
def test_a_number_is_read_with_either_mark_and_written_with_that_of_the_language(
    typed: str, number: float, shown: str
) -> None:
    box = NumberBox("Cemento (cc)", (0.1, 12.0), "es")
    box.number = 4.0
    box.value = typed
    assert (box.number, box.value) == (number, shown)


def test_a_number_that_is_set_is_written() -> None:
    box = NumberBox("Cement (cc)", (0.1, 12.0), "en")
    box.number = 24.8
    assert (box.number, box.value) == (12.0, "12.0")
