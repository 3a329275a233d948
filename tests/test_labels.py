from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from string import Formatter
from typing import Any, get_args

import pytest

from tests.parts import source
from vpresearch.core.compendium import read_compendium
from vpresearch.core.dictionary import columns
from vpresearch.core.errors import words as words_of
from vpresearch.core.reported import Reported
from vpresearch.published import Claim, Compute, Paper, Recomputed
from vpresearch.regression import gee
from vpresearch.regression import models as models_module
from vpresearch.regression.design import REASONS
from vpresearch.render import labels
from vpresearch.scorecard import Computed, Note, Row, Verdict

# The same word in both languages.
SAME = {
    "argparse.error",
    "data.reconstruction",  # A machine reads it.
    "decimal_mark",
    "effect.cramers_v",
    "effect.hedges_g",
    "method.claimed_p",
    "method.part_group",
    "method.part_variable",
    "test.fisher",
    "test.kruskal",
    "test.wald",
    "method.or",
    "method.hr",
    "printed_number.or",
    "printed_number.hr",
    "audit_template.of_or",
    "audit_template.of_hr",
    "test.mann_whitney",
    "thousands_mark",
    "unit.cc",
    "word.n",
    "word.no",
    "word.total",
    "word.variable",
    "word.variables",
    "axis.odi",
    "explore.odds_ratio",
    "glossary_forms.oswestry",
    "glossary_forms.odds_ratio",
    "leak_table.verified_no",
}
# Words that no Spanish sentence holds.
ENGLISH = re.compile(r"\b(the|of|and|or|by|over|with|within|is|are|in|on|to|for|not|mean|leak|score|cannot)\b", re.I)


def flat(words: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in words.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


ES, EN = (dict(flat(words_of(language))) for language in labels.LANGUAGES)


def package(name: str) -> list[ast.Module]:
    """The modules of one package."""
    return [tree for place, tree in source().items() if place.rpartition("/")[0] == name]


def calls(tree: ast.AST, *names: str) -> Iterator[ast.Call]:
    """Calls of these functions, by their last name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if name in names:
                yield node


def strings(node: ast.AST) -> set[str]:
    found = {part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    return {string for string in found if re.fullmatch("[a-z]+(_[a-z]+)*", string)}


# -- the locale files --------------------------------------------------------------------------------------------


def test_both_languages_have_the_same_keys_in_the_same_order() -> None:
    assert list(ES) == list(EN)


def fields(words: str) -> list[tuple[str, str | None]]:
    return sorted((name, spec) for _, name, spec, _ in Formatter().parse(words) if name)


def prose(words: str) -> str:
    return re.sub(r"\{.*?\}", "", words)


def test_both_languages_leave_the_same_values_open() -> None:
    assert {key: fields(words) for key, words in ES.items()} == {key: fields(words) for key, words in EN.items()}


def test_no_text_is_left_untranslated() -> None:
    spoken = {key: words for key, words in ES.items() if key not in SAME and re.search(r"[^\W\d_]{2}", prose(words))}
    assert [key for key, words in spoken.items() if words == EN[key]] == []
    assert [key for key, words in spoken.items() if ENGLISH.search(prose(words))] == []


# -- every word that the code asks for is there ------------------------------------------------------------------


@cache
def asked() -> list[str]:
    """Keys that the code asks for, as patterns where a part is computed."""
    patterns = set()
    for tree in source().values():
        for call in calls(tree, "text"):
            match call.args:
                case [ast.Constant(value=str(key)), *_]:
                    patterns.add(re.escape(key))
                case [ast.JoinedStr(values=parts), *_]:
                    patterns.add(
                        "".join(re.escape(str(p.value)) if isinstance(p, ast.Constant) else ".+" for p in parts)
                    )
    return sorted(patterns)


def test_every_key_in_the_code_resolves() -> None:
    patterns = asked()
    assert len(patterns) > 50, "the test no longer finds the keys"
    assert [pattern for pattern in patterns if not any(re.fullmatch(pattern, key) for key in ES)] == []


@cache
def codes() -> dict[str, set[str]]:
    """Codes that the code gives, by the section of the locale files that spells them out."""
    whole = ast.Module([statement for tree in package("inference") for statement in tree.body], [])
    notes = [source()["scorecard.py"], source()["audit/diagnose.py"]]
    p = {f"{statistic}_{test}" for statistic in ("p", "smallest_p") for test in ("student", "kruskal")}
    audit = package("audit")
    checks = [call for tree in audit for call in calls(tree, "Check")]
    why = {
        string
        for node in ast.walk(source()["inference/protocol.py"])
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple)
        for target, value in zip(node.targets[0].elts, getattr(node.value, "elts", ()), strict=False)
        if getattr(target, "id", "") == "why"
        for string in strings(value)
    }
    why_not = {
        string
        for function in ast.walk(whole)
        if isinstance(function, ast.FunctionDef) and function.name.startswith("_why_not")
        for node in ast.walk(function)
        if isinstance(node, ast.Return)
        for string in strings(node)
    }
    for call in calls(whole, "not_done", "Normality"):
        why_not |= {string for argument in call.args[1:] for string in strings(argument)}
    return {
        "verdict": set(get_args(Verdict)),
        "method": set(get_args(Recomputed)) | p,
        "reason": {s for tree in notes for call in calls(tree, "Note", "Finding") for s in strings(call.args[0])}
        | {"by_construction", "consistent"},
        "why": why,
        "why_not": why_not,
        "test": {s for call in calls(whole, "TestResult", "not_done") for s in strings(call.args[0])},
        "effect": {s for call in calls(whole, "Effect") for s in strings(call.args[0])},
        "word": {"patients", "vertebrae"},
        "audit": {s for call in checks if len(call.args) > 3 for s in strings(call.args[3])} | assigned(audit, "code"),
        "audit_check": {s for call in checks for s in strings(call.args[0])} | assigned(audit, "name"),
        "audit_verdict": {"possible", "impossible", "undecided"},
        "model": models(),
        "adjustment": set(models_module.ADJUSTMENTS),
        "fit_reason": set(REASONS),
    }


def models() -> set[str]:
    """Models by the names that they are given where a fit succeeds, fails or is renamed."""
    trees = package("regression")
    given = [call.args[0] for tree in trees for call in calls(tree, "fitted", "failed") if call.args]
    renamed = [
        keyword.value
        for tree in trees
        for call in calls(tree, "replace")
        for keyword in call.keywords
        if keyword.arg == "model"
    ]
    return {string for node in [*given, *renamed] for string in strings(node)} | set(gee.MODELS) | {"flic"}


def assigned(trees: list[ast.Module], variable: str) -> set[str]:
    """Strings that become the value of a variable; those of a comparison choose, and are none."""
    values = [
        node.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == variable
    ]
    return {string for value in values for option in outcomes(value) for string in strings(option)}


def outcomes(value: ast.expr) -> list[ast.expr]:
    if isinstance(value, ast.IfExp):
        return [*outcomes(value.body), *outcomes(value.orelse)]
    if isinstance(value, ast.Subscript):
        return outcomes(value.value)
    return value.values if isinstance(value, ast.Dict) else [value]


@pytest.mark.parametrize(("section", "found"), codes().items())
def test_every_code_is_spelled_out(section: str, found: set[str]) -> None:
    assert len(found) > 1, "the test no longer finds the codes"
    for words in (ES, EN):
        assert {f"{section}.{code}" for code in found} <= set(words)


def test_the_codes_are_found() -> None:
    found = codes()
    assert {"p_unattainable", "p_exchanged", "unit_forced", "denominator_forced", "printed_twice"} <= found["reason"]
    assert {"differs", "other_test", "other_unit", "no_column", "too_few", "test_not_done"} <= found["reason"]
    assert found["why"] == {"both_normal", "not_normal", "normality_unknown"}
    assert found["why_not"] >= {"group_empty", "too_few", "too_many", "all_equal", "no_spread", "one_category"}


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_everything_that_has_a_name_has_it_in_both_languages(language: str, paper: Paper) -> None:
    for column in columns().values():
        assert labels.variable(column.name, language)
        for level in column.levels:
            assert labels.category(column.name, level.value, language)
    for name in ("region", "fill_percent"):
        assert labels.variable(name, language)
    for region in ("thoracic", "lumbar"):
        assert labels.category("region", region, language)
    compendium = read_compendium()
    exhibits = [exhibit.name for notebook in compendium.notebooks for exhibit in notebook.exhibits]
    places = [place for claim in paper.claims for place in claim.places] + [image.name for image in compendium.images]
    for place in places + [name for name in exhibits if name.startswith(("table", "figure"))]:
        assert labels.place(place, language)


# -- words -------------------------------------------------------------------------------------------------------


def test_an_unknown_key_language_or_a_value_not_given_is_refused() -> None:
    with pytest.raises(KeyError):
        labels.text("caption.table9", "es")
    with pytest.raises(KeyError):
        labels.text("caption.table2", "es")
    with pytest.raises(ValueError, match="es, en"):
        labels.text("caption.table1", "fr")


@pytest.mark.parametrize(
    ("note", "es", "en"),
    [
        (
            Note("percent", {"over": "vertebrae", "variable": "", "group": "leak_site=disc", "within": "leak=yes"}),
            "porcentaje de vértebras, localización de la fuga = disco, dentro de fuga = sí",
            "percentage of vertebrae, leak site = disc, within leak = yes",
        ),
        (
            Note("difference", {"over": "vertebrae", "variable": "vas_1m", "group": "leak=yes", "minus": "leak=no"}),
            "diferencia de medias sobre vértebras, EAV un mes, fuga = sí, menos fuga = no",
            "difference of means over vertebrae, VAS one month, leak = yes, minus leak = no",
        ),
        (
            Note("n", {"over": "patients", "variable": "", "group": "level=T8&region=thoracic"}),
            "número de pacientes, T8, región = torácicas",
            "number of patients, T8, region = thoracic",
        ),
        (
            Note("percent", {"over": "patients", "variable": "vas_pre vas_post"}),
            "porcentaje de pacientes, EAV previa, EAV post",
            "percentage of patients, VAS before, VAS after",
        ),
        (
            Note(
                "p_student",
                {
                    "variable": "vas_1m",
                    "statistic": -1.2345,
                    "df": 39.0,
                    "shapiro_no": 0.0625,
                    "shapiro_yes": math.nan,
                    "why": "normality_unknown",
                },
            ),
            "t de Student = −1,235, gl = 39 (Shapiro-Wilk: p = 0,063 y –; no se puede comprobar la normalidad)",
            "Student's t = −1.235, df = 39 (Shapiro-Wilk: p = 0.063 and –; normality cannot be tested)",
        ),
        (
            Note("smallest_p_kruskal", {"variable": "vas_1m", "statistic": 2.8849, "df": 1.0}),
            "menor p: EAV un mes, H de Kruskal-Wallis = 2,885, gl = 1",
            "smallest p: VAS one month, Kruskal-Wallis H = 2.885, df = 1",
        ),
    ],
    ids=lambda value: value.code if isinstance(value, Note) else "",
)
def test_a_method_is_a_sentence(note: Note, es: str, en: str) -> None:
    assert labels.method(note, "es") == es
    assert labels.method(note, "en") == en


@pytest.mark.parametrize(("value", "shown"), [(0.0004, "< 0,001"), (0.0006, "0,001"), (0.2671, "0,267")])
def test_a_recomputed_p_is_never_nought(paper: Paper, value: float, shown: str) -> None:
    claim = paper["table3.cement_volume.p"]
    computed = Computed(value, Note("p", {}))
    assert labels.rounded(Row(claim, computed, claim.printed.render(value), "differs", ()), "es") == shown
    assert labels.rounded(Row(claim, computed, "", "not computable", ()), "es") == ""


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_every_printed_number_has_a_name_of_its_own(paper: Paper, language: str) -> None:
    names = [labels.claimed(claim, language) for claim in paper.claims]
    assert len(set(names)) == len(names)
    assert not any(claim.id in name for claim, name in zip(paper.claims, names, strict=True))


def test_what_another_paper_calls_its_places_and_groups_keeps_its_name() -> None:
    compute = Compute("mean", "patients", "score", group={"arm": "treated"})
    claim = Claim("treated.mean", Reported("2.5"), "mean", ("appendix B",), compute)
    assert labels.claimed(claim, "es") == "appendix B, media sobre pacientes, score, arm = treated"
    assert labels.claimed(replace(claim, places=()), "en") == "mean over patients, score, arm = treated"


@pytest.mark.parametrize(
    ("note", "es", "en"),
    [
        (
            Note("unit_forced", {"low": 2.125, "high": 2.2349}),
            "Sobre pacientes: sobre vértebras, las medias de grupo impresas obligan a 2,13 a 2,23.",
            "Taken over patients: over vertebrae the printed group means force 2.13 to 2.23.",
        ),
        (Note("other_unit", {"over": "patients"}), "Sobre pacientes concuerda.", "Over patients it agrees."),
        (
            Note("test_not_done", {"why_not": "group_empty"}),
            "La prueba no se puede hacer: un grupo está vacío.",
            "The test cannot be done: one group is empty.",
        ),
        (
            Note("printed_twice", {"places": "results", "printed": "1,8", "over": "patients"}),
            "El artículo imprime también 1,8 (resultados); aquel se toma sobre pacientes.",
            "The paper also prints 1.8 (results); that one is taken over patients.",
        ),
    ],
    ids=lambda value: value.code if isinstance(value, Note) else "",
)
def test_a_reason_is_a_sentence(note: Note, es: str, en: str) -> None:
    assert labels.reason(note, "es") == es
    assert labels.reason(note, "en") == en


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_the_banner_speaks_of_a_reconstruction_only(language: str) -> None:
    words = labels.Banner(True, language)._repr_markdown_()
    assert labels.text("banner.reconstruction", language) in words
    assert labels.Banner(False, language)._repr_markdown_() == ""


# -- numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        # Just below a tie in binary, a tie on paper.
        (2.675, 2, "2.68"),
        (1.005, 2, "1.01"),
        (26.95, 1, "27.0"),
        (1.15, 1, "1.2"),
        (0.4645, 3, "0.465"),
        # The sum of values such as these misses the tie in its 16th digit.
        (sum([26.9, 27.0, 26.95]) / 3, 1, "27.0"),
        (26.949999999999996, 1, "27.0"),
        (26.9499, 1, "26.9"),
        # Ties go away from zero, to even and odd alike.
        (0.5, 0, "1"),
        (1.5, 0, "2"),
        (2.5, 0, "3"),
        (-2.5, 0, "−3"),
        (8, 2, "8.00"),
        (1e-20, 3, "0.000"),
        (123456.789, 1, "123456.8"),
        (math.nan, 1, "–"),
    ],
)
def test_a_number_is_rounded_half_up_with_the_mark_of_the_language(value: float, decimals: int, expected: str) -> None:
    assert labels.number(value, decimals, "en") == expected
    assert labels.number(value, decimals, "es") == expected.replace(".", ",")


@pytest.mark.parametrize("language", labels.LANGUAGES)
def test_nothing_is_minus_zero(language: str) -> None:
    assert labels.number(-0.0004, 2, language) == labels.number(0.0, 2, language)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, "< 0.001"),
        (0.00099, "< 0.001"),
        (0.001, "0.001"),
        (0.0495, "0.050"),
        (0.4645, "0.465"),
        (1.0, "1.000"),
        (math.nan, "–"),
    ],
)
def test_a_p_value_has_three_decimals_or_a_bound(value: float, expected: str) -> None:
    assert labels.p_value(value, "en") == expected
    assert labels.p_value(value, "es") == expected.replace(".", ",")


@pytest.mark.parametrize(
    ("log_odds", "expected"),
    [
        (math.log(0.004), "< 0.01"),
        (-900.0, "< 0.01"),
        (math.log(0.005001), "0.01"),
        (-math.inf, "0.00"),
        (0.0, "1.00"),
        (math.log(2.345), "2.35"),
        (900.0, "> 1,000"),
        (math.inf, "∞"),
        (math.nan, "–"),
    ],
)
def test_an_odds_ratio_is_nought_or_infinite_only_where_it_is(log_odds: float, expected: str) -> None:
    assert labels.odds_ratio(log_odds, "en") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(-4.63, "−4.6"), (0.0, "0.0"), (0.034, "0.03"), (-0.0042, "−0.004"), (0.00004, "0.000"), (math.nan, "–")],
)
def test_a_difference_of_shares_is_finer_than_these(value: float, expected: str) -> None:
    assert labels.points(value, "en") == expected


def test_a_large_count_has_marks_between_thousands() -> None:
    assert labels.count(1234567, "es") == "1.234.567"
    assert labels.count(1234567, "en") == "1,234,567"
    assert labels.count(609, "es") == "609"


@pytest.mark.parametrize("sign", [" ", "=", "&", "%", "+", "", "=SUM(A1)", "a  b", "region"])
def test_names_of_another_paper_hold_any_sign(sign: str) -> None:
    column, value = f"Study{sign}arm", f"{sign}TPRPA"
    parts = Compute(
        "mean", "patients", f"quality{sign}of life", group={column: value, "region": f"north{sign}"}
    ).parts()
    told = labels.method(Note("mean", parts), "en")
    assert f"quality{sign}of life" in told
    assert f"{column} = {value}, region = north{sign}" in told
