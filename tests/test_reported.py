"""Printed numbers: what they stand for under every rounding rule, held against decimal arithmetic."""

from __future__ import annotations

import math
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vpresearch.core.reported import Interval, Reported, RoundingRule

_DECIMAL_RULES: dict[RoundingRule, str] = {
    "half-up": ROUND_HALF_UP,
    "half-even": ROUND_HALF_EVEN,
    "truncation": ROUND_DOWN,
}


@st.composite
def _printed(draw: st.DrawFn) -> Reported:
    decimals = draw(st.integers(0, 3))
    digits = draw(st.integers(-20_000, 20_000))
    return Reported(f"{Decimal(digits).scaleb(-decimals):f}".replace(".", draw(st.sampled_from(",."))))


# -- reading -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "value", "decimals", "mark", "bound"),
    [
        ("27,0", Fraction(27), 1, ",", ""),
        ("0.466", Fraction(466, 1000), 3, ".", ""),
        ("37%", Fraction(37), 0, "", ""),
        ("12,5 %", Fraction(25, 2), 1, ",", ""),
        ("<0,05", Fraction(1, 20), 2, ",", "<"),
        ("> 50%", Fraction(50), 0, "", ">"),
        ("-1,5", Fraction(-3, 2), 1, ",", ""),
        ("\u22121.5", Fraction(-3, 2), 1, ".", ""),
        (" 8 ", Fraction(8), 0, "", ""),
        ("007", Fraction(7), 0, "", ""),
        ("n.s.", Fraction(1, 20), 2, ".", ">"),
        ("NS", Fraction(1, 20), 2, ".", ">"),
        ("no sig.", Fraction(1, 20), 2, ".", ">"),
        ("no significativo", Fraction(1, 20), 2, ".", ">"),
        ("Non-significant", Fraction(1, 20), 2, ".", ">"),
    ],
)
def test_reads_a_printed_number(printed: str, value: Fraction, decimals: int, mark: str, bound: str) -> None:
    number = Reported(printed)
    assert (number.value, number.decimals, number.decimal_mark, number.bound) == (value, decimals, mark, bound)
    assert number.half_unit == Fraction(1, 2 * 10**decimals)


@pytest.mark.parametrize("text", ["", " ", "1,2,3", "1.", "1 2", "8 cc", "3-4", "%", "<", "1e3", "nan", "sig.", "no"])
def test_refuses_what_is_not_one_printed_number(text: str) -> None:
    with pytest.raises(ValueError, match="is not a printed number"):
        Reported(text)


# -- intervals ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "rule", "inside", "outside"),
    [
        ("27,0", "any", (26.95, 27, 27.05), (26.949, 27.051)),
        ("27,0", "half-up", (26.95, 27.049), (26.949, 27.05)),
        ("-2", "half-up", (-1.5, -2.49), (-2.5, -1.49)),
        ("0", "half-up", (-0.49, 0, 0.49), (-0.5, 0.5)),
        ("2", "half-even", (1.5, 2.5), (1.49, 2.51)),
        ("3", "half-even", (2.51, 3.49), (2.5, 3.5)),
        ("0,466", "truncation", (0.466, 0.4669), (0.4659, 0.467)),
        ("-1,5", "truncation", (-1.5, -1.59), (-1.49, -1.6)),
        ("0,0", "truncation", (-0.09, 0, 0.09), (-0.1, 0.1)),
        ("<0,05", "any", (0.049, -7), (0.05, 0.051)),
        (">0,05", "any", (0.051, 1e300), (0.05, 0.049)),
        (">0,05", "half-up", (0.051,), (0.05,)),
    ],
)
def test_interval_of_a_rule(
    printed: str, rule: RoundingRule, inside: tuple[float, ...], outside: tuple[float, ...]
) -> None:
    interval = Reported(printed).interval(rule)
    assert [value for value in inside if value not in interval] == []
    assert [value for value in outside if value in interval] == []


def test_interval_of_any_rule_is_closed_and_half_a_unit_wide_either_side() -> None:
    assert Reported("0,466").interval() == Interval(Fraction(931, 2000), Fraction(933, 2000), True, True)


@given(number=_printed(), rule=st.sampled_from(list(_DECIMAL_RULES)), offset=st.fractions(-2, 2, max_denominator=40))
def test_interval_holds_exactly_the_values_that_round_to_the_number(
    number: Reported, rule: RoundingRule, offset: Fraction
) -> None:
    value = number.value + offset * 2 * number.half_unit
    unit = Decimal(1).scaleb(-number.decimals)
    with localcontext(prec=60):
        decimal = Decimal(value.numerator) / Decimal(value.denominator)
        prints = decimal.quantize(unit, rounding=_DECIMAL_RULES[rule]) == Decimal(str(float(number.value)))
    assert (value in number.interval(rule)) == prints


@given(number=_printed(), rule=st.sampled_from(["half-up", "half-even"]), offset=st.fractions(-1, 1))
def test_rounding_to_nearest_is_nested_in_any(number: Reported, rule: RoundingRule, offset: Fraction) -> None:
    value = number.value + offset * number.half_unit
    assert value in number.interval()
    narrow, wide = number.interval(rule), number.interval()
    assert (narrow.low, narrow.high) == (wide.low, wide.high)
    assert value in narrow or abs(offset) == 1


def test_truncation_is_not_nested_in_any() -> None:
    value = Fraction(4669, 10_000)
    assert value in Reported("0,466").interval("truncation")
    assert value not in Reported("0,466").interval()


@pytest.mark.parametrize("value", [8.15, 1.005, 0.285, 4.35, 26.95, 0.4655])
def test_noise_in_the_last_digit_of_a_float_decides_nothing(value: float) -> None:
    for nudged in (math.nextafter(value, 0), value, math.nextafter(value, 100)):
        tie = Fraction(str(value))
        assert nudged in Interval(tie, None)
        assert nudged in Interval(None, tie)
        assert nudged not in Interval(tie, None, low_closed=False)
        assert nudged not in Interval(None, tie, high_closed=False)


def test_exact_values_have_no_tolerance() -> None:
    just_below = Fraction(2695, 100) - Fraction(1, 10**15)
    assert just_below not in Reported("27,0").interval()


@pytest.mark.parametrize("printed", ["27,0", "<0,05", "> 0"])
def test_no_number_is_in_no_interval(printed: str) -> None:
    nothing = math.nan
    assert nothing not in Reported(printed).interval()


# -- rendering ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "value", "rendered"),
    [
        ("27,0", 26.9876, "27,0"),
        ("0.466", 0.1954, "0.195"),
        ("37%", 36.585, "37%"),
        ("12,5 %", 36.585, "36,6%"),
        ("> 50%", 73.17, "73%"),
        ("<0,05", 0.0449, "0,04"),
        ("0,05", 0.125, "0,13"),
        ("1,00", 2.675, "2,68"),
        ("8", 2.5, "3"),
        ("8", -2.5, "-3"),
        ("8", 1234567.0, "1234567"),
    ],
)
def test_renders_half_up_in_the_printed_style(printed: str, value: float, rendered: str) -> None:
    assert Reported(printed).render(value) == rendered


@given(number=_printed(), value=st.floats(-1e9, 1e9))
def test_a_value_lies_in_the_interval_of_its_rendering(number: Reported, value: float) -> None:
    rendered = Reported(number.render(value))
    assert value in rendered.interval()
    assert rendered.decimals == number.decimals
    assert Reported(rendered.render(float(rendered.value))).value == rendered.value


@given(number=_printed())
def test_the_printed_value_renders_as_printed(number: Reported) -> None:
    assert Reported(number.render(float(number.value))).value == number.value


@pytest.mark.parametrize(("printed", "value"), [("0,0", -0.04), ("8", -0.4), ("8", -0.0)])
def test_zero_has_no_sign(printed: str, value: float) -> None:
    assert not Reported(printed).render(value).startswith("-")


@pytest.mark.parametrize("printed", [".036", ",036", "<.001"])
def test_the_nought_before_the_mark_may_be_left_out(printed: str) -> None:
    without, full = Reported(printed), Reported(printed.replace(".", "0.").replace(",", "0,"))
    assert (without.value, without.decimals, without.bound) == (full.value, full.decimals, full.bound)
