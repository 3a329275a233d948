"""The data dictionary: complete, unambiguous, and forgiving about spelling."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpresearch.core.dictionary import Column, Level, columns, fold, label

_OUTCOMES = [f"{score}_{time}" for score, time in product(("vas", "odi"), ("pre", "post", "1m", "1y"))]
_OPTIONAL = {*_OUTCOMES, "cause", "leak_site", "leak_size", "complication", "new_fracture_1y"}


# -- spelling ----------------------------------------------------------------------------------------------------


@given(st.text(st.characters(codec="latin-1")))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(st.characters(codec="latin-1")))
def test_folding_forgives_case_and_blanks_around(text: str) -> None:
    assert fold(f"  {text.upper()}\t") == fold(text.lower())


@pytest.mark.parametrize("symbol", ["\u2116", "\u2121", "\u33a4"])
def test_compatibility_characters_fold_to_small_letters(symbol: str) -> None:
    assert fold(symbol) == fold(symbol).lower() == fold(fold(symbol))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Localización de la fuga", "LOCALIZACION  DE LA FUGA"),
        ("EAV 1 año", "eav_1_ano"),
        ("Sí", "si"),
        ("Nº paciente", "no. PACIENTE"),
        ("Volumen vertebral (cc)", "volumen-vertebral, cc"),
        (1.0, "1"),
        (1.0, 1),
        (True, "TRUE"),
        ("Vértebra", "Ve\u0301rtebra"),
    ],
)
def test_spellings_that_are_the_same(one: object, other: object) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("T1", "T11"), ("T1", "L1"), ("vas_1m", "vas_1y"), (1.5, 1), ("no", "n")])
def test_spellings_that_differ(one: object, other: object) -> None:
    assert fold(one) != fold(other)


# -- the file ----------------------------------------------------------------------------------------------------


def test_columns_of_the_data_model() -> None:
    assert list(columns())[:4] == ["patient_id", "sex", "age_years", "cause"]
    assert set(_OUTCOMES) <= set(columns())
    assert {name for name, column in columns().items() if not column.required} == _OPTIONAL
    assert all(columns()[name].may_be_empty for name in _OPTIONAL)
    assert not any(columns()[name].may_be_empty for name in ("patient_id", "sex", "level", "leak", "age_years"))
    assert {name for name, column in columns().items() if column.unit_of_observation == "patient"} == {
        "patient_id",
        "sex",
        "age_years",
        "cause",
        "new_fracture_1y",
        *_OUTCOMES,
    }


@pytest.mark.parametrize(
    ("name", "minimum", "maximum", "unit"),
    [
        ("age_years", 0, 120, "years"),
        ("vertebral_volume_cc", 1, 200, "cc"),
        ("cement_volume_cc", 0.1, 50, "cc"),
        ("vas_1m", 0, 10, "points"),
        ("odi_pre", 0, 100, "percent"),
    ],
)
def test_ranges(name: str, minimum: float, maximum: float, unit: str) -> None:
    column = columns()[name]
    assert (column.kind, column.minimum, column.maximum, column.unit) == ("number", minimum, maximum, unit)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("sex", "F M"),
        ("leak", "no yes"),
        ("leak_site", "posterior lateral anterior vascular disc"),
        ("leak_size", "punctate moderate massive"),
        ("level", "T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 T11 T12 L1 L2 L3 L4 L5"),
    ],
)
def test_categories_in_their_natural_order(name: str, values: str) -> None:
    assert columns()[name].kind == "category"
    assert [level.value for level in columns()[name].levels] == values.split()


def _folded(entries: Sequence[Column | Level]) -> list[str]:
    return [spelling for entry in entries for spelling in {fold(text) for text in entry.spellings()}]


def test_no_spelling_means_two_things() -> None:
    families: list[Sequence[Column | Level]] = [list(columns().values())]
    families += [column.levels for column in columns().values()]
    for family in families:
        spellings = _folded(family)
        assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_column_and_category_has_a_label(language: str) -> None:
    for name, column in columns().items():
        assert label(name, language).strip()
        assert all(label(name, language, level.value).strip() for level in column.levels)


@pytest.mark.parametrize(
    ("name", "language", "value", "expected"),
    [
        ("leak", "es", "yes", "Sí"),
        ("leak", "en", "yes", "Yes"),
        ("vas_1y", "es", None, "EAV 1 año"),
        ("vas_1y", "en", None, "VAS 1 year"),
        ("leak_site", "en", "disc", "Disc"),
    ],
)
def test_label(name: str, language: str, value: str | None, expected: str) -> None:
    assert label(name, language, value) == expected


@pytest.mark.parametrize(("name", "value"), [("no_such_column", None), ("leak", "perhaps")])
def test_no_label_of_what_is_not_there(name: str, value: str | None) -> None:
    with pytest.raises(KeyError):
        label(name, "es", value)


def test_another_dictionary_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "dictionary.csv"
    path.write_text(
        "column,value,unit_of_observation,type,unit,minimum,maximum,required,may_be_empty,label_es,label_en,aliases\n"
        "grade,,vertebra,category,,,,no,yes,Grado,Grade,Genant|Tipo\n"
        "grade,mild,,,,,,,,Leve,Mild,I\n"
        "height,,patient,number,cm,50.5,,yes,no,Talla,Height,\n",
        encoding="utf-8",
    )
    grade, height = columns(path).values()
    mild = Level("mild", {"es": "Leve", "en": "Mild"}, ("I",))
    texts: tuple[dict[str, str], tuple[str, ...]] = {"es": "Grado", "en": "Grade"}, ("Genant", "Tipo")
    assert grade == Column("grade", "vertebra", "category", "", None, None, False, True, *texts, (mild,))
    texts = {"es": "Talla", "en": "Height"}, ()
    assert height == Column("height", "patient", "number", "cm", 50.5, None, True, False, *texts)
    assert grade.spellings() == ("grade", "Grado", "Grade", "Genant", "Tipo")
    assert mild.spellings() == ("mild", "Leve", "Mild", "I")
