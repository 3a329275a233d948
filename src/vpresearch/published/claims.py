"""A paper's claims: every printed number, where it stands and what to compute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urlencode

from vpresearch.reported import Reported

Kind = Literal["count", "percentage", "mean", "sd", "minimum", "maximum", "p", "verbal"]
Statistic = Literal["n", "percent", "mean", "sd", "min", "max", "p", "difference", "smallest_p", "lead"]
Unit = Literal["patients", "vertebrae"]
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
]
Sided = Literal["one", "two"]


@dataclass(frozen=True)
class Compute:
    """What to compute for a claim.

    Attributes
    ----------
    statistic : str
        ``n``, ``percent``, ``mean``, ``sd``, ``min``, ``max``, ``p`` (of the paper's protocol, by leak),
        ``difference`` (of two means), ``smallest_p``, or ``lead`` (of a category over the next one).
    over : {"patients", "vertebrae"}
        Unit of analysis.
    variable : str or None
        Canonical column.
    variables : tuple of str
        Canonical columns, for ``smallest_p``.
    group : dict of str to str
        Which rows: canonical value by column.
    minus : dict of str to str
        The rows of the mean that is subtracted, for ``difference``.
    within : dict of str to str
        The rows that a percentage or a lead refers to; all of them where empty.
    fell : tuple of str
        Two columns: the rows in which the second is less than the first.
    """

    statistic: Statistic
    over: Unit
    variable: str | None = None
    variables: tuple[str, ...] = ()
    group: Mapping[str, str] = field(default_factory=dict)
    minus: Mapping[str, str] = field(default_factory=dict)
    within: Mapping[str, str] = field(default_factory=dict)
    fell: tuple[str, ...] = ()

    def parts(self) -> dict[str, str | float]:
        """Give what a sentence about it needs, by name.

        Returns
        -------
        dict of str to str
            ``over``, ``variable``, ``group``, ``minus`` and ``within``. Names are written as in a web address, since
            those of another paper may hold any sign: variables with a blank between them, columns and values as there.

        Examples
        --------
        >>> Compute("mean", "vertebrae", "vas_pre", group={"leak": "yes"}).parts()["group"]
        'leak=yes'
        """
        names = (*self.variables, *self.fell) if self.variable is None else (self.variable,)
        groups = {"group": self.group, "minus": self.minus, "within": self.within}
        return {
            "over": self.over,
            "variable": " ".join(map(quote, names)),
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
        ``count``, ``percentage``, ``mean``, ``sd``, ``minimum``, ``maximum``, ``p`` or ``verbal``.
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


@dataclass(frozen=True)
class Grid:
    """The grid that a variable is recorded on.

    Attributes
    ----------
    over : {"patients", "vertebrae"}
        What one record belongs to.
    step : str
        Distance of neighbouring values, as a decimal number.
    low, high : str or None
        Ends of the scale.
    also : tuple of str
        Other low ends that the scale may have had.
    most_equal : int or None
        How often one value may occur before it looks contrived; free where not given.
    """

    over: Unit
    step: str
    low: str | None = None
    high: str | None = None
    also: tuple[str, ...] = ()
    most_equal: int | None = None


@dataclass(frozen=True)
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
    """

    key: str
    about: Mapping[str, Any]
    grids: Mapping[str, Grid]
    ratios: Mapping[str, tuple[str, str]]
    claims: tuple[Claim, ...]

    def __getitem__(self, claim_id: str) -> Claim:
        return {claim.id: claim for claim in self.claims}[claim_id]
