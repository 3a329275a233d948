"""Words and numbers in the language of an output: the only place that rounds for a reader."""

from __future__ import annotations

import math
import re
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from vpresearch.core import dictionary
from vpresearch.core.errors import LANGUAGES as LANGUAGES
from vpresearch.core.errors import words as words_of

# Validation says words too, and should not wait for all of statistics to be imported.
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vpresearch.audit import Check, Conclusion, Correction, Covered
    from vpresearch.published import Claim, Paper
    from vpresearch.scorecard import Note, Row

# Beyond this, digits would only pretend.
_LARGE = 1e15
_EMPTY, _MINUS = "–", "\u2212"
# An odds ratio or a limit beyond this says no more than that it is large, or small where it leaves no decimal.
_MOST = 1000
# Of a percentage: beyond them it is written as below or above.
_MOST_DECIMALS = 3
_RATIO_DECIMALS = 2
# Whether names are those of another paper, in which sex, level or leak may mean anything.
_OF_ANOTHER: ContextVar[bool] = ContextVar("_OF_ANOTHER", default=False)


@contextmanager
def names_of(paper: Paper, own: Paper) -> Iterator[None]:
    """Leave the names of another paper as they are, whatever the dictionary calls so."""
    token = _OF_ANOTHER.set(paper.key != own.key)
    try:
        yield
    finally:
        _OF_ANOTHER.reset(token)


def text(key: str, language: str, **values: object) -> str:
    """Return the words of an output."""
    words: Any = words_of(language)
    for part in key.split(".", maxsplit=1):
        words = words[part]
    return str(words).format_map(
        {name: _Number(value, language) if isinstance(value, float) else value for name, value in values.items()}
    )


def number(value: float, decimals: int, language: str) -> str:
    """Round half-up and write a number with the language's decimal mark and a true minus sign."""
    if math.isnan(value):
        return _EMPTY
    if abs(value) >= _LARGE:
        return printed(f"{value:.2e}", language)
    rounded = Decimal(f"{value:.15g}").quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return printed(f"{rounded or abs(rounded):f}", language)


def printed(value: str, language: str) -> str:
    """Write a number that is a text already with the marks of the language."""
    return re.sub("[.,]", words_of(language)["decimal_mark"], value.replace("-", _MINUS))


def limits(low: str, high: str, language: str) -> str:
    """Join the limits of an interval by a word: a dash might stand beside a minus sign."""
    return f"{low} {text('word.limits', language)} {high}"


def bounded(value: float, decimals: int, language: str) -> str:
    """Write a number that may be infinite or too large for its digits to say anything."""
    if math.isinf(value):
        return "∞" if value > 0 else f"{_MINUS}∞"
    if abs(value) > _MOST:
        return f"> {count(_MOST, language)}" if value > 0 else f"< {count(-_MOST, language)}"
    return number(value, decimals, language)


def odds_ratio(log_odds: float, language: str) -> str:
    """Write the odds ratio that goes with log odds; infinite, or nought, only where these are infinite."""
    if math.isnan(log_odds):
        return _EMPTY
    # No larger power is needed to know that it is large.
    ratio = math.inf if log_odds == math.inf else math.exp(min(log_odds, 2 * math.log(_MOST)))
    if log_odds > -math.inf and ratio < 0.5 * 10**-_RATIO_DECIMALS:
        return f"< {number(10**-_RATIO_DECIMALS, _RATIO_DECIMALS, language)}"
    return bounded(ratio, _RATIO_DECIMALS, language)


def why_not(code: str, language: str) -> str:
    """Write why a fit gives no number, or one that depends on more than the likelihood."""
    return text(f"fit_reason.{code}", language) if code else ""


def in_brief(code: str, language: str) -> str:
    """Write the name of a reason as of ``why_not``, without what it entails, where there is little room."""
    return why_not(code, language).partition(":")[0]


def count(value: int, language: str) -> str:
    """Write a large count with the language's mark between thousands."""
    return f"{value:,}".replace(",", words_of(language)["thousands_mark"]).replace("-", _MINUS)


def counted(n: int, noun: str, language: str) -> str:
    """Write a count with its noun, in the singular where there is one."""
    return f"{count(n, language)} {text(f'counted.{noun}_one' if n == 1 else f'counted.{noun}', language)}"


def percent(value: float, decimals: int, language: str) -> str:
    """Write a percentage, without its sign: what is rare never as 0, and what is frequent never as 100."""
    decimals = _telling_decimals(value, decimals)
    if decimals > _MOST_DECIMALS:
        least = 10**-_MOST_DECIMALS
        return f"< {number(least, _MOST_DECIMALS, language)}" if value < 50 else f"> {number(100 - least, 3, language)}"
    return number(value, decimals, language)


def percents(estimate: float, low: float, high: float, decimals: int, language: str) -> tuple[str, str, str]:
    """Write a percentage and the ends of its interval, which have no fewer decimals than it needs."""
    decimals = min(_telling_decimals(estimate, decimals), _MOST_DECIMALS)
    shown = [percent(value, decimals, language) for value in (estimate, low, high)]
    return shown[0], shown[1], shown[2]


def points(value: float, language: str) -> str:
    """Write a difference of shares in percentage points: finer than these, whose own difference it need not be."""
    first = -math.floor(math.log10(abs(value))) if value and math.isfinite(value) else 1
    return number(value, min(max(1, first), _MOST_DECIMALS), language)


def _telling_decimals(value: float, decimals: int) -> int:
    """Return as many decimals as tell a share from none and from all: then the first of what it is away from these."""
    if not 0 < value < 100 or 0 < float(number(value, decimals, "en")) < 100:
        return decimals
    return -math.floor(math.log10(min(value, 100 - value)))


def p_value(value: float, language: str, decimals: int = 3) -> str:
    """Write a p-value with three decimals, and one below 0.001 as such; or with more."""
    least = 10.0**-decimals
    return f"< {number(least, decimals, language)}" if value < least else number(value, decimals, language)


def p_is(value: float, language: str) -> str:
    """Write a p-value with its sign, as prose does."""
    shown = p_value(value, language)
    return shown if math.isnan(value) else f"p {shown}" if value < 0.001 else f"p = {shown}"


def degrees_of_freedom(value: float, language: str) -> str:
    """Write degrees of freedom: whole ones as such, Welch's with one decimal."""
    return number(value, 0 if float(value).is_integer() else 1, language)


def rounded(row: Row, language: str) -> str:
    """Write a recomputed number in the printed style; a p that leaves nothing but zeros as below its last place."""
    shown = printed(row.rounded, language)
    nothing = row.claim.kind == "p" and shown and not re.search("[1-9]", shown)
    return f"< {shown[:-1]}1" if nothing else shown


def variable(name: str, language: str) -> str:
    """Return the name of a variable as the tables write it."""
    names = words_of(language)["variable"]
    if _OF_ANOTHER.get():
        return name
    if name in names:
        return str(names[name])
    # Another paper's variables are in no dictionary.
    return dictionary.label(name, language) if dictionary.known(name) else name


def time(name: str, language: str) -> str:
    """Return the words for a time of a score."""
    return dictionary.time_label(name, language)


def when(time: str, language: str) -> str:
    """Return the words for a time of a score in a sentence: at one year."""
    return dictionary.time_label(time, language, "when")


def place(name: str, language: str) -> str:
    """Return the name of a place in the paper."""
    word, _, rest = name.partition(" ")
    return " ".join(filter(None, (words_of(language)["place"].get(word, word), rest)))


def places(names: Sequence[str], language: str) -> str:
    """Return the names of places in the paper; where both languages of one print a number, without the language."""
    both = {name.partition(" (")[0] for name in names if {f"{name[:-4]}(es)", f"{name[:-4]}(en)"} <= set(names)}
    bare = ((name.partition(" (")[0], name) for name in names)
    return "; ".join(dict.fromkeys(place(short if short in both else name, language) for short, name in bare))


def category(column: str, value: str, language: str) -> str:
    """Return the name of a category."""
    if _OF_ANOTHER.get():
        return value
    if column == "region":
        return str(words_of(language)["region"].get(value, value))
    found = dictionary.known(column)
    known = {level.value for level in found.levels} if found else set()
    return dictionary.label(column, language, value) if value in known else value


def unit(name: str, language: str) -> str:
    """Return the name of a unit of analysis; one that the project does not know is left as it is."""
    return text(f"word.{name}", language) if name in dictionary.UNITS else name


def adjustment(name: str, language: str) -> str:
    """Return the name of what a model is adjusted for."""
    names = words_of(language)["adjustment"]
    return str(names[name]) if name in names else variable(name, language)


def series(study: str, language: str) -> str:
    """Name a series of another study, the part of the study that it is in the language where that is known."""
    name, _, part = study.partition(", ")
    words = words_of(language)["series"].get(part)
    return f"{name}, {words}" if words else study


def method(note: Note, language: str) -> str:
    """Write how a number was computed."""
    return _method(note.code, note.values, language)


def claimed(claim: Claim, language: str) -> str:
    """Name a printed number as a reader of the paper would: where it stands, and what it is."""
    statistic = claim.compute.statistic
    code = f"claimed_{statistic}" if statistic in {"p", "smallest_p", "q1", "q3"} else statistic
    where = [place(claim.places[-1], language)] if claim.places else []
    return ", ".join([*where, _method(code, claim.compute.parts(), language)])


def _method(code: str, values: Mapping[str, str | float], language: str) -> str:
    parts = {
        "over": unit(str(values["over"]), language) if "over" in values else "",
        "variable": _part("variable", _variables(str(values.get("variable", "")), language), language),
        "variable_label": _variables(str(values.get("variable", "")), language),
        "by": _part("by", _variables(str(values.get("by", "")), language), language),
        "why": text(f"why.{values['why']}", language) if "why" in values else "",
    }
    parts |= {
        name: _part(name, _groups(str(values.get(name, "")), language), language)
        for name in ("group", "within", "minus")
    }
    return text(f"method.{code}", language, **{**values, **parts})


def reason(note: Note, language: str) -> str:
    """Write a reason for a verdict."""
    values: dict[str, object] = dict(note.values)
    if "printed" in values:
        values["printed"] = printed(str(values["printed"]), language)
    if "variable" in values:
        values["variable_label"] = variable(str(values["variable"]), language)
    if "places" in values:
        values["places_label"] = places(str(values["places"]).split("; "), language)
    if "over" in values:
        values["over_label"] = unit(str(values["over"]), language)
    for name, key in (("test", "test"), ("first_test", "first"), ("second_test", "second")):
        if name in values:
            values[f"{key}_label"] = text(f"test.{values[name]}", language)
    if note.code == "no_column":
        values["column"] = variable(str(values["column"]), language)
    if "why_not" in values:
        values["why"] = text(f"why_not.{values['why_not']}", language)
    return text(f"reason.{note.code}", language, **values)


def concluded(conclusion: Conclusion, language: str) -> str:
    """Write what the printed numbers say of a conclusion, and what they do not."""
    values = {name: _Number(value, language) for name, value in conclusion.values.items()}
    return text(f"concluded.{conclusion.code}", language, **values)


def audited(check: Check, language: str) -> str:
    """Write what an audit check found."""
    values: dict[str, object] = dict(check.values)
    numbers = (
        "printed",
        "first",
        "second",
        "least",
        "value",
        "lower",
        "upper",
        "se",
        "df",
        "p_values",
        "candidates",
        "below",
        "above",
        "most",
    )
    values |= {name: printed(str(values[name]), language) for name in numbers if name in values}
    if "over" in values:
        values["over_label"] = unit(str(values["over"]), language)
    if "other" in values:
        others = map(unquote, str(values["other"]).split(" "))
        values["other_label"] = ", ".join(unit(other, language) for other in others)
    for name in ("numerator", "denominator"):
        if name in values:
            values[f"{name}_label"] = variable(str(values[name]), language)
    for name in ("first_variable", "second_variable"):
        if name in values:
            values[name] = variable(str(values[name]), language)
    for name, key in (("test", "test"), ("as_test", "test"), ("first_tests", "first"), ("second_tests", "second")):
        if name in values:
            names = (text(f"test.{test}", language) for test in str(values[name]).split())
            values[f"{key}_label"] = " / ".join(names)
    for verdict in ("possible", "undecided", "impossible", "supposed", "test_names"):
        if verdict in values:
            values[verdict] = names_of_tests(str(values[verdict]).split(), language)
    scale = values.get("scale")
    values["scale_label"] = text("word.on_scale", language, scale=scale) if scale else ""
    values["sides"] = text("word.one_sided" if values.get("one_sided") else "word.two_sided", language)
    for name in ("one_sided", "named"):
        values[name] = text(f"word.{values[name]}", language) if values.get(name) else ""
    for name, key in (("first_quantile", "quantile_label"), ("second_quantile", "other_quantile")):
        if name in values:
            values[key] = text(f"quantile.{values[name]}", language)
    if "fitting" in values:
        ways = [text("word.count_of", language, count=way[0], n=way[1]) for way in _fractions(check.values["fitting"])]
        values["could_be"] = text("word.could_be", language, list="; ".join(ways)) if ways else ""
    if "reach_low" in values:
        low, high = check.values["reach_low"], check.values["reach_high"]
        said = "at_most" if low == -math.inf else "at_least" if high == math.inf else "from_to"
        values["reach"] = text(f"quantile.{said}", language, low=low, high=high)
    if "statistic" in values:
        values["statistic_label"] = text(f"printed_number.{values['statistic']}", language)
    values["df"] = text("word.with_df", language, df=values["df"]) if values.get("df") else ""
    if "step" in values:
        values["step"] = str(values["step"]).replace(".", words_of(language)["decimal_mark"])
    said = text(f"audit.{check.code}", language, **values)
    if check.only_if_none_missing:
        said = f"{said} {text('word.if_none_missing', language)}"
    corrections = "; ".join(_correction(each, language) for each in check.corrections)
    return f"{said} {text('word.changed_alone', language, list=corrections)}" if corrections else said


def _correction(found: Correction, language: str) -> str:
    name = claimed(replace(found.claim, places=()), language)
    if found.part:
        name = text(f"word.changed_{found.part if found.part in ('of', 'sum') else 'cell'}", language, name=name)
    values = text("word.or", language).join(printed(value, language) for value in found.values)
    return text("word.changed", language, name=name, values=values, printed=printed(found.printed, language))


def _fractions(written: object) -> list[list[str]]:
    return [each.split("/") for each in str(written).split()]


def covered(each: Covered, language: str) -> str:
    """Write what checked a printed number, or why nothing did."""
    if not each.checks:
        return text("console.not_checked_one", language, why=text(f"not_checked.{each.why}", language))
    names = (text(f"audit_check.{name}", language) for name in each.checks)
    return text("console.checked_by", language, checks="; ".join(names))


def not_checked(every: Sequence[Covered], language: str) -> list[str]:
    """Write what was not checked, one line a reason."""
    by_reason: dict[str, list[str]] = {}
    for each in every:
        if not each.checks:
            by_reason.setdefault(each.why, []).append(each.claim.id)
    return [
        text("console.not_checked", language, why=text(f"not_checked.{why}", language), n=len(ids), ids=", ".join(ids))
        for why, ids in by_reason.items()
    ]


def names_of_tests(names: Iterable[str], language: str) -> str:
    """List tests by their names."""
    return ", ".join(text(f"test.{name}", language) for name in names)


def _part(name: str, value: str, language: str) -> str:
    return text(f"method.part_{name}", language, value=value) if value else ""


def _variables(names: str, language: str) -> str:
    return ", ".join(variable(unquote(name), language) for name in names.split(" "))


def _groups(groups: str, language: str) -> str:
    named = [
        (column, variable(column, language), value, category(column, value, language))
        for column, value in parse_qsl(groups, keep_blank_values=True)
    ]
    # The names of another paper are its own: approach = TPRPA.
    return ", ".join(
        value
        if column == "level" and not _OF_ANOTHER.get()
        else " = ".join(word if word == own else word.lower() for own, word in ((column, of), (value, word)))
        for column, of, value, word in named
    )


def banner(language: str, *, reconstruction: bool) -> str:
    """Say of a reconstruction what it is."""
    return text("banner.reconstruction", language) if reconstruction else ""


@dataclass(frozen=True)
class Banner:
    """What a notebook says of its data before anything else."""

    reconstruction: bool
    language: str

    def _repr_markdown_(self) -> str:
        said = banner(self.language, reconstruction=self.reconstruction)
        return f"> **{said}**" if said else ""


class _Number(float):
    """A float whose format keeps to the language: ``:.3f`` rounds as everywhere else, ``:.0%`` as of ``percent``."""

    language: str

    def __new__(cls, value: float, language: str) -> _Number:
        self = super().__new__(cls, value)
        self.language = language
        return self

    def __format__(self, spec: str) -> str:
        if spec == "p":
            return p_is(float(self), self.language)
        if spec.endswith("%"):
            return f"{percent(float(self), int(spec.strip('.%')), self.language)}%"
        if spec.endswith("g"):
            return printed(f"{float(self):{spec}}", self.language)
        return number(float(self), int(spec.strip(".f")), self.language)
