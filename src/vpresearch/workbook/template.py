"""An empty workbook to fill in: headers, drop-down lists, ranges, a codebook, and one example row."""

from __future__ import annotations

import io
import re
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from vpresearch.core.dictionary import Column, columns
from vpresearch.reading.cells import EXAMPLE_IDS
from vpresearch.render.labels import number, text

# Rows that are checked while they are filled in.
_ROWS = 1_000
_HEADER = PatternFill("solid", fgColor="DDE6F0")
_EXAMPLE = PatternFill("solid", fgColor="EEEEEE")
_EXAMPLE_VALUES: dict[str, object] = {
    "sex": "F",
    "age_years": 74,
    "cause": "osteoporosis",
    "level": "T12",
    "vertebral_volume_cc": 24.8,
    "cement_volume_cc": 3.7,
    "leak": "yes",
    "leak_site": "posterior",
    "leak_size": "moderate",
    "vas_pre": 8,
    "vas_post": 4,
    "vas_1m": 3,
    "odi_pre": 54,
    "odi_1y": 40,
    "complication": "none",
    "new_fracture_1y": "no",
}


def template(language: str) -> bytes:
    """Make an empty workbook."""
    book = Workbook()
    sheet = book.active
    sheet.title = text("template.data", language)
    for position, column in enumerate(columns().values(), start=1):
        _head(sheet, position, column, language)
        sheet.add_data_validation(_rule(column, position, language))
    sheet["A2"].comment = Comment(text("template.example", language), "vpresearch")
    sheet.freeze_panes = "B2"
    _codebook(book.create_sheet(text("template.codebook", language)), language)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _head(sheet: Any, position: int, column: Column, language: str) -> None:
    header = sheet.cell(1, position, _label(column, language))
    header.font, header.fill = Font(bold=True), _HEADER
    header.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.column_dimensions[get_column_letter(position)].width = 16
    example = EXAMPLE_IDS[language] if column.name == "patient_id" else _EXAMPLE_VALUES.get(column.name)
    words = {level.value: level.labels[language] for level in column.levels}
    cell = sheet.cell(2, position, words.get(str(example), example))
    cell.font, cell.fill = Font(italic=True, color="777777"), _EXAMPLE


def _label(column: Column, language: str) -> str:
    """Return the header with its unit, unless it already says it."""
    label = column.labels[language]
    unit = {"years": text("unit.years", language), "percent": "%", "points": "0-10"}.get(column.unit)
    return f"{label} ({unit})" if unit else label


def _rule(column: Column, position: int, language: str) -> DataValidation:
    rule = DataValidation(allow_blank=True, showErrorMessage=True, showInputMessage=True)
    if column.kind == "category":
        rule.type = "list"
        rule.formula1 = f'"{",".join(level.labels[language] for level in column.levels)}"'
        rule.error = rule.prompt = text("template.choose", language)
    elif column.kind == "number":
        rule.type, rule.operator = "decimal", "between"
        rule.formula1, rule.formula2 = f"{column.minimum:g}", f"{column.maximum:g}"
        unit = text(f"unit.{column.unit}", language)
        rule.error = rule.prompt = text("template.enter", language, range=_range(column, language), unit=unit)
    else:
        rule.prompt = text("template.id" if column.name == "patient_id" else "template.free", language)
    rule.errorTitle = text("template.fault", language)
    rule.promptTitle = column.labels[language][:32]
    place = get_column_letter(position)
    rule.add(f"{place}2:{place}{_ROWS + 1}")
    return rule


def _range(column: Column, language: str) -> str:
    # Both ends of a range are short decimals.
    least, greatest = (number(end or 0.0, 1, language) for end in (column.minimum, column.maximum))
    return text("template.range", language, least=_short(least), greatest=_short(greatest))


def _short(written: str) -> str:
    return re.sub(r"[.,]0$", "", written)


def _codebook(sheet: Any, language: str) -> None:
    heads = ("header", "variable", "unit", "allowed", "belongs", "required", "empty")
    sheet.append([text(f"template.{head}", language) for head in heads])
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True), _HEADER
    for column in columns().values():
        sheet.append([_label(column, language), column.name, *_described(column, language)])
    for position, width in enumerate((28, 22, 20, 60, 44, 14, 20), start=1):
        sheet.column_dimensions[get_column_letter(position)].width = width
    for row in sheet.iter_rows():
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A2"


def _described(column: Column, language: str) -> list[str]:
    if column.kind == "category":
        kind, allowed = text("template.category", language), ", ".join(lv.labels[language] for lv in column.levels)
    elif column.kind == "number":
        kind, allowed = text(f"unit.{column.unit}", language), _range(column, language)
    else:
        kind = text("template.text", language)
        allowed = text("template.id" if column.name == "patient_id" else "template.free", language)
    belongs = text(f"template.{column.unit_of_observation}", language)
    said = [text("template.yes_word" if yes else "template.no_word", language) for yes in _rights(column)]
    return [kind, allowed, belongs, *said]


def _rights(column: Column) -> tuple[bool, bool]:
    return column.required, column.may_be_empty
