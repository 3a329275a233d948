"""A printed number: its string, its decimals, and the interval of values it stands for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cached_property
from typing import Literal

RoundingRule = Literal["any", "half-up", "half-even", "truncation"]

_PRINTED = re.compile(
    r"(?P<bound>[<>]=?|[≤≥⩽⩾]|=)?\s*(?P<sign>[-\u2212])?(?P<number>[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+)\s*(?P<percent>%)?"
)

_LONGEST = 40
# Not significant, which says p > 0.05.
_NOT_SIGNIFICANT = re.compile(r"n\.?\s?s\.?|no[nt]?[-\s]?sig(?:nificant|nificativ[oa]|\.)?", re.IGNORECASE)
_BOUNDS = {"<": "<", ">": ">", "≤": "<", "≥": ">", "⩽": "<", "⩾": ">", "=": ""}

# A binary float carries a mean such as 26.95 with an error in its 16th digit; it must not decide a verdict.
_RELATIVE_NOISE = Fraction(1, 10**12)


@dataclass(frozen=True)
class Interval:
    """Values that a printed number can stand for."""

    low: Fraction | None
    high: Fraction | None
    low_closed: bool = True
    high_closed: bool = True

    def __contains__(self, value: Fraction | int | float) -> bool:
        if value != value:
            return False
        exact = Fraction(value)
        noise = abs(exact) * _RELATIVE_NOISE if isinstance(value, float) else Fraction(0)
        above = self.low is None or exact > self.low + noise or (self.low_closed and exact >= self.low - noise)
        below = self.high is None or exact < self.high - noise or (self.high_closed and exact <= self.high + noise)
        return above and below


@dataclass(frozen=True)
class Reported:
    """A number exactly as it was printed.

    Parameters
    ----------
    printed : str
        The string, with a decimal comma or point: ``"27,0"``, ``"0.466"``, ``"37%"``, ``"<0,05"``, ``"≤ 0.05"``,
        ``"= 0.16"``, ``"n.s."``.

    Raises
    ------
    ValueError
        If the string is not one printed number.

    Examples
    --------
    >>> import vpresearch as vp
    >>> number = vp.Reported("27,0")
    >>> number.decimals, float(number.interval().low), float(number.interval().high)
    (1, 26.95, 27.05)
    >>> 26.95 in number.interval(), 26.949 in number.interval()
    (True, False)
    >>> number.render(26.9876)
    '27,0'
    """

    printed: str

    def __post_init__(self) -> None:
        self._parts()

    def _parts(self) -> re.Match[str]:
        written = _NOT_SIGNIFICANT.sub("> 0.05", self.printed.strip(), count=1)
        match = _PRINTED.fullmatch(written) if len(self.printed) <= _LONGEST else None
        if match is None:
            raise ValueError(f"{self.printed!r} is not a printed number")
        return match

    @cached_property
    def value(self) -> Fraction:
        """The printed value itself, exact."""
        parts = self._parts()
        magnitude = Fraction(parts["number"].replace(",", "."))
        return -magnitude if parts["sign"] else magnitude

    @cached_property
    def decimals(self) -> int:
        """How many decimals are printed."""
        return len(re.split("[.,]", self._parts()["number"])[1]) if self.decimal_mark else 0

    @property
    def half_unit(self) -> Fraction:
        """Half a unit in the last printed place: how far a rounded value can be from the true one."""
        return Fraction(1, 2 * 10**self.decimals)

    @cached_property
    def decimal_mark(self) -> str:
        """The decimal mark that is printed, or the empty string."""
        number = self._parts()["number"]
        return next((mark for mark in ",." if mark in number), "")

    @cached_property
    def bound(self) -> str:
        """``"<"``, ``">"`` or the empty string; ``"n.s."`` is above 0.05."""
        return _BOUNDS.get((self._parts()["bound"] or "=")[0], "")

    @cached_property
    def bound_is_included(self) -> bool:
        """Whether a bound is itself possible, as in ``"≤ 0.05"``."""
        bound = self._parts()["bound"] or ""
        return bound in set("≤≥⩽⩾") or bound.endswith("=")

    def interval(self, rule: RoundingRule = "any") -> Interval:
        """Return the values that print as this number, by a rule of rounding.

        ``"any"`` is the closed interval of half a unit in the last place either side: it accepts both half-up and
        half-even, and is the rule of the scorecard.
        """
        value = self.value
        if self.bound:
            closed = self.bound_is_included
            return Interval(None, value, high_closed=closed) if self.bound == "<" else Interval(value, None, closed)
        half = self.half_unit
        unit = 2 * half
        if rule == "truncation":
            if value == 0:
                return Interval(-unit, unit, False, False)
            return Interval(value, value + unit, True, False) if value > 0 else Interval(value - unit, value, False)
        if rule == "half-up":
            # Ties go away from zero, so the end nearer to zero belongs to the number.
            return Interval(value - half, value + half, value > 0, value < 0)
        if rule == "half-even":
            even = (value / unit).numerator % 2 == 0
            return Interval(value - half, value + half, even, even)
        return Interval(value - half, value + half)

    def render(self, value: float) -> str:
        """Round a computed value half-up to the printed decimals, in the printed style."""
        # Fifteen digits are what a binary float carries for certain; a tie is decided on them.
        digits = Decimal(f"{value:.15g}").quantize(Decimal(1).scaleb(-self.decimals), rounding=ROUND_HALF_UP)
        text = f"{digits or abs(digits):f}".replace(".", self.decimal_mark or ".")
        return text + ("%" if self._parts()["percent"] else "")
