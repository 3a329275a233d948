"""The paper's printed numbers as claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urlencode

from vpresearch.core.reported import Reported

Kind = Literal[
    "count",
    "percentage",
    "mean",
    "sd",
    "minimum",
    "q1",
    "median",
    "q3",
    "maximum",
    "p",
    "verbal",
    "test",
]
# Numbers that a row of tests prints beside its p.
TestNumber = Literal[
    "t",
    "F",
    "chi2",
    "r",
    "z",
    "df",
    "df2",
    "n",
    "coefficient",
    "se",
    "or",
    "rr",
    "hr",
    "d",
    "g",
    "low",
    "high",
    "table",
]
# What one value tells, or two: smallest first.
QUANTILES = ("min", "q1", "median", "q3", "max")
# What can be computed from data; the numbers of a test are only audited.
Recomputed = Literal[
    "n", "percent", "mean", "sd", "min", "q1", "median", "q3", "max", "p", "difference", "smallest_p", "lead"
]
Statistic = Recomputed | TestNumber
TestName = Literal[
    "student",
    "welch",
    "kruskal",
    "mann_whitney",
    "permutation",
    "chi_squared",
    "fisher",
    "paired",
    "paired_t",
    "signed_rank",
    "anova",
    "welch_anova",
    "likelihood_ratio",
    "wald",
]
Sided = Literal["one", "two"]


@dataclass(frozen=True)
class Compute:
    """What to compute for a claim."""

    statistic: Statistic
    over: str
    variable: str | None = None
    variables: tuple[str, ...] = ()
    group: Mapping[str, str] = field(default_factory=dict)
    minus: Mapping[str, str] = field(default_factory=dict)
    within: Mapping[str, str] = field(default_factory=dict)
    fell: tuple[str, ...] = ()
    # The column whose groups a test compares, where several divide its variable.
    by: str | None = None
    # What a change lies between, from and to: two variables, or two groups.
    change: tuple[str, str] | None = None
    # How many a percentage is of, where that is no group's size.
    of: int | None = None
    # What the values of a mean add up to, where the paper prints that as a count.
    sum: int | None = None

    def parts(self) -> dict[str, str | float]:
        """Return what a sentence about it needs, by name."""
        names = (*self.variables, *self.fell) if self.variable is None else (self.variable,)
        groups = {"group": self.group, "minus": self.minus, "within": self.within}
        return {
            "over": self.over,
            "variable": " ".join(map(quote, names)),
            "by": quote(self.by or ""),
            **{name: urlencode(group) for name, group in groups.items()},
        }


@dataclass(frozen=True)
class Claim:
    """One thing that the paper prints about its own patients.

    Attributes
    ----------
    id : str
        ``place.quantity[.group].statistic``.
    printed : Reported
        The number as printed; for a verbal claim, the bound that decides it.
    kind : str
        ``count``, ``percentage``, ``mean``, ``sd``, ``minimum``, ``q1``, ``median``, ``q3``, ``maximum``, ``p`` or
        ``verbal``.
    places : tuple of str
        Everywhere that the paper prints it.
    compute : Compute
    unit : str or None
        Unit of measurement.
    says : dict of str to str
        What a verbal claim says, in our own words, by language.
    tests : tuple of str
        The tests, one of which the paper says gave a p; any may have where empty.
    one_sided : bool
        Whether the paper says that a p is one-sided.
    randomised : bool
        Whether a p compares the groups of a randomised study at baseline.
    inferred : bool
        Whether the size of a group is the number that most rows of a table tell, of several.
    """

    id: str
    printed: Reported
    kind: Kind
    places: tuple[str, ...]
    compute: Compute
    unit: str | None = None
    says: Mapping[str, str] = field(default_factory=dict)
    tests: tuple[TestName, ...] = ()
    one_sided: bool = False
    randomised: bool = False
    inferred: bool = False

    def __hash__(self) -> int:
        # What it holds by name has no hash.
        return hash(self.id)


@dataclass(frozen=True)
class Statement:
    """What else the paper says of its own patients, and why no number is computed for it."""

    id: str
    places: tuple[str, ...]
    says: Mapping[str, str]
    reason: Mapping[str, str]
    beside: tuple[str, ...] = ()
    contradicted: bool = False


@dataclass(frozen=True)
class Grid:
    """The grid that a variable is recorded on."""

    over: str
    step: str
    low: str | None = None
    high: str | None = None
    also: tuple[str, ...] = ()
    most_equal: int | None = None


@dataclass(frozen=True)
class PrintedTest:
    """A row of tests: what is printed beside a p, and the claims that stand for it."""

    id: str
    claims: Mapping[str, Claim]
    level: float = 0.95
    sided: Sided | None = None
    table: tuple[tuple[int, ...], ...] = ()


# Compared and kept by what it is, not by what stands in it, which takes long.
@dataclass(frozen=True, eq=False)
class Paper:
    """A paper's printed numbers.

    Attributes
    ----------
    key : str
        Short name.
    about : dict of str to str
        Bibliographic facts.
    grids : dict of str to Grid
        Measurement grid by canonical column.
    ratios : dict of str to (str, str)
        Numerator and denominator of each computed variable, which is in percent.
    claims : tuple of Claim
    statements : tuple of Statement
        What else it says of its own patients, each with the reason why no number is computed for it.
    tests : tuple of PrintedTest
        Statistics, estimates and intervals that are printed with a p; their numbers are claims too.
    complete : tuple of str
        Columns of whose categories everybody has one that is printed.
    may_miss : bool
        Whether the head of a column alone says how many a group has, so that a row may have fewer values.

    Examples
    --------
    >>> import vpresearch as vp
    >>> paper = vp.read_paper(vp.PUBLISHED)
    >>> len(paper.claims)
    96
    >>> paper["table3.vertebral_volume.p"].places
    ('table 3',)
    """

    key: str
    about: Mapping[str, Any]
    grids: Mapping[str, Grid]
    ratios: Mapping[str, tuple[str, str]]
    claims: tuple[Claim, ...]
    statements: tuple[Statement, ...] = ()
    tests: tuple[PrintedTest, ...] = ()
    complete: tuple[str, ...] = ()
    may_miss: bool = False

    def __getitem__(self, claim_id: str) -> Claim:
        return {claim.id: claim for claim in self.claims}[claim_id]

    @property
    def citation(self) -> str:
        """Authors, title, journal, year and pages, as far as its file gives them; else its short name."""
        about = {name: str(value).rstrip(".") for name, value in self.about.items()}
        place = " ".join(about[name] for name in ("journal", "year") if about.get(name))
        place = ";".join(filter(None, (place, about.get("pages"))))
        return ". ".join(filter(None, (about.get("authors"), about.get("title"), place))) or self.key
