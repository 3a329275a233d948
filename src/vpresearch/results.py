"""Every number that a table, a figure, the report or a page shows of a dataset: computed once, for whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import pandas as pd
from numpy.typing import ArrayLike

from vpresearch import implied
from vpresearch.audit import Check, Conclusion, audit, conclusions
from vpresearch.core.dictionary import Column, columns
from vpresearch.core.paths import PUBLISHED
from vpresearch.core.reported import Reported
from vpresearch.data import Dataset
from vpresearch.implied import Intervals
from vpresearch.inference import (
    ALPHA,
    Association,
    Comparison,
    associate_over_patients,
    associate_with_leak,
    compare_by_leak,
    describe,
)
from vpresearch.inference.describe import Proportion, Summary
from vpresearch.parallel.cache import made_once, once
from vpresearch.published import Paper, comparators, read_paper
from vpresearch.published.comparators import OWN_DETECTION, Rate
from vpresearch.published.comparators import Comparison as Series
from vpresearch.reconstruct import ANY_FILL, Ensemble, spread
from vpresearch.regression import assumptions, models, outcome, precision, risk, simulation, validation
from vpresearch.regression.assumptions import Assumption
from vpresearch.regression.design import Design, Estimate
from vpresearch.regression.models import PRIMARY, Specification
from vpresearch.regression.precision import Needed
from vpresearch.regression.risk import LogOdds
from vpresearch.regression.validation import Performance
from vpresearch.scorecard import Row, scorecard

MEASURED = ("vertebral_volume_cc", "cement_volume_cc")
COMPARED = (*MEASURED, "fill_percent", "vas_pre", "vas_post", "vas_1m", "vas_1y")
ASSOCIATED = ("sex", "region", "level")
# Tables and figures that only a reconstruction has: of what the printed numbers leave free.
OF_RECONSTRUCTIONS = frozenset({"spread", "implied", "identified_range"})
# Those that hold a paper's numbers against something, and those of scores.
OF_PAPERS = frozenset(
    {
        *("audit", "audit_digest", "audit_findings", "audit_p", "conclusions", "corrections", "differences"),
        *("exhibits", "scorecard", "statements"),
    }
)
OF_SCORES = frozenset({"table4", "outcome", "relief"})
RISK_MODELS = (PRIMARY, "flic")
_FREE = ("free_least", "free_greatest")
_TIMES_AS_MANY = (1, 2, 4, 8, 16)


T = TypeVar("T")


def _shipped() -> Paper:
    return read_paper(PUBLISHED)


def _kept(compute: Callable[[Results], T]) -> cached_property[T]:
    """Share what takes long with the other processes of a run."""
    return cached_property(made_once(compute))


@dataclass(frozen=True)
class Results:
    """The analysis of a dataset: nothing is computed before it is asked for, and nothing twice.

    What takes long goes through the cache, so that the notebooks and the report of one run share it.

    Parameters
    ----------
    dataset : Dataset
    alpha : float, default 0.05
        Level of the protocol's test of normality.
    seed : int, default 1
        Of the bootstraps, and of the audit's random orders.
    paper : Paper, optional
        The printed numbers that the study is held against; the compendium's own where none is given.

    Examples
    --------
    >>> import vpresearch as vp
    >>> results = vp.Results(vp.load(vp.RECONSTRUCTION))
    >>> results.leaks.count, round(results.leaks.percent, 1)
    (15, 36.6)
    >>> round(results.comparisons["cement_volume_cc"].result.p_value, 3)
    0.267
    """

    dataset: Dataset
    alpha: float = ALPHA
    seed: int = 1
    paper: Paper = field(default_factory=_shipped)

    # -- the paper ---------------------------------------------------------------------------------------------------

    @cached_property
    def checks(self) -> Sequence[Check]:
        """The audit of the printed numbers."""
        return once(audit, self.paper, self.seed)

    @cached_property
    def published(self) -> bool:
        """Whether the paper is the compendium's own, a corrected version included."""
        return self.paper.key.startswith(_shipped().key)

    @property
    def detection(self) -> str:
        """By what means the study's leaks are taken to have been found, as its paper says."""
        return OWN_DETECTION if self.published else "unknown"

    @cached_property
    def misattributed(self) -> Sequence[tuple[tuple[str, Reported], tuple[str, Reported]]]:
        """Series quoted with a rate that nobody checked there, each beside one that does print it, by name and rate."""
        if self.paper.key != _shipped().key:
            return []
        every = [(each.comparator, each.comparator.printed) for each in self.series]
        quoted = [(other.study, rate) for other, rate in every if rate and other.verified == "attributed"]
        seen = [(other.study, rate) for other, rate in every if rate and other.verified == "yes"]
        return [(one, other) for one in quoted for other in seen if other[1].value in one[1].interval()]

    @_kept
    def conclusions(self) -> Sequence[Conclusion]:
        """Hold the conclusions of the paper against its printed numbers."""
        return conclusions(self.paper)

    @_kept
    def rows(self) -> Sequence[Row]:
        """Every printed number against the data."""
        return scorecard(self.paper, self.dataset, self.alpha)

    # -- counts, means and tests -------------------------------------------------------------------------------------

    @cached_property
    def levels(self) -> pd.DataFrame:
        """Vertebrae by level."""
        return describe.levels(self.dataset)

    @cached_property
    def leaks(self) -> Proportion:
        """The vertebrae with a leak."""
        return describe.proportion(int((self.dataset.vertebrae["leak"] == "yes").sum()), len(self.dataset.vertebrae))

    @cached_property
    def leak_shares(self) -> pd.DataFrame:
        """Shares of the vertebrae without and with a leak."""
        return describe.shares(self.dataset.vertebrae["leak"], ("no", "yes"), self.leaks.n)

    @cached_property
    def site_shares(self) -> pd.DataFrame:
        """Shares of the sites among the leaks whose site is known."""
        sites = describe.select(self.dataset, "vertebrae", {"leak": "yes"})["leak_site"].dropna()
        return describe.shares(sites, [level.value for level in columns()["leak_site"].levels], len(sites))

    @cached_property
    def leak_kinds(self) -> pd.DataFrame:
        """Leaks by site and size."""
        return describe.leak_kinds(self.dataset)

    @cached_property
    def measured(self) -> Mapping[str, Summary]:
        """Volume and cement of the vertebrae."""
        return {name: describe.summarise(self.dataset.vertebrae[name]) for name in MEASURED}

    @cached_property
    def scores(self) -> pd.DataFrame:
        """VAS and Oswestry over time, by patient."""
        return describe.scores(self.dataset)

    @cached_property
    def lost(self) -> pd.DataFrame:
        """Who lacks a score that others have."""
        return describe.lost(self.dataset)

    @cached_property
    def compared(self) -> Sequence[Column]:
        """The columns of the study's own that vertebrae without a leak have too."""
        rows = self.dataset.rows
        there = rows[rows["leak"].eq("no")].notna().any()
        return [each for each in self.dataset.declared if there[each.name]]

    @_kept
    def comparisons(self) -> Mapping[str, Comparison]:
        """Vertebrae without and with a leak, by variable."""
        present = [name for name in COMPARED if name in self.dataset.rows]
        present += [each.name for each in self.dataset.followed]
        present += [each.name for each in self.compared if each.kind == "number"]
        return {name: compare_by_leak(self.dataset, name, self.alpha) for name in present}

    @_kept
    def associations(self) -> Mapping[str, Association]:
        """Categories against the leak, by variable."""
        own = (each.name for each in self.compared if each.kind == "category")
        over_vertebrae = {name: associate_with_leak(self.dataset, name) for name in (*ASSOCIATED, *own)}
        # An attribute of patients is tested over patients too.
        return over_vertebrae | {"sex_of_patients": associate_over_patients(self.dataset, "sex")}

    # -- leak on fill ------------------------------------------------------------------------------------------------

    @cached_property
    def design(self) -> Design:
        """The regression of leak on fill."""
        return models.leak_design(self.dataset.rows)

    @_kept
    def estimates(self) -> Sequence[Estimate]:
        """Every model of leak on fill; of sizes that nobody recorded there is none."""
        return [
            each for each in models.fit_models(self.dataset.rows, self.seed) if self._sized or each.model != "ordinal"
        ]

    @cached_property
    def slopes(self) -> Mapping[str, Estimate]:
        """The slope of leak on fill, by model."""
        return {each.model: each for each in self.estimates if each.term == "fill_percent"}

    @_kept
    def specifications(self) -> Sequence[Specification]:
        """Slopes under every choice of model, covariance, adjustment and unit."""
        return models.specification_curve(self.dataset.rows, own=self.compared)

    @_kept
    def assumptions(self) -> Sequence[Assumption]:
        """Whether the models may take for granted what they do."""
        found = assumptions.assumptions(self.dataset.rows, self.slopes["bayes"])
        return [each for each in found if self._sized or each.question != "proportional_odds"]

    @property
    def _sized(self) -> bool:
        return bool(self.dataset.vertebrae["leak_size"].notna().any())

    @_kept
    def risk_fits(self) -> Mapping[str, LogOdds]:
        """Models of which risks are shown."""
        return {name: risk.log_odds(self.design, name) for name in (*RISK_MODELS, "ml")}

    @cached_property
    def leak_risks(self) -> pd.DataFrame:
        """Risks at a few fills, and how far fill moves them, by model."""
        return risk.leak_risks(self.design, [self.risk_fits[name] for name in RISK_MODELS])

    @cached_property
    def dose_risks(self) -> pd.DataFrame:
        """Risks by cement and size of the vertebra."""
        return risk.dose_risks(self.design, self.risk_fits[PRIMARY])

    def risk_curve(self, model: str, fill_percent: ArrayLike) -> pd.DataFrame:
        """Return the risk along the fill by a model."""
        return risk.risk_curve(self.design, self.risk_fits[model], fill_percent)

    @cached_property
    def spline(self) -> Estimate:
        """What a curve adds to the line."""
        return assumptions.fit(self.design)[-1]

    def spline_curve(self, fill_percent: ArrayLike) -> pd.DataFrame:
        """Return the risk along the fill by a restricted cubic spline."""
        return assumptions.curve(self.design, fill_percent)

    @_kept
    def performance(self) -> Sequence[Performance]:
        """How well the fill tells the vertebrae that leak."""
        return validation.validate(self.design, seed=self.seed)

    @_kept
    def calibration(self) -> pd.DataFrame:
        """Observed shares of leaks in groups of rising risk."""
        return validation.calibration(self.design)

    @cached_property
    def needed(self) -> Needed:
        """How many patients would settle the question."""
        corrected = self.performance[0].corrected
        return precision.needed(self.slopes[PRIMARY], self.slopes["ml"], corrected, self.design.events / self.design.n)

    @cached_property
    def precision(self) -> pd.DataFrame:
        """How precise the slope would be with more patients."""
        primary = self.slopes[PRIMARY]
        found = precision.precision(primary, [times * primary.clusters for times in _TIMES_AS_MANY])
        # A power computed of what was found says no more than its p.
        return found.drop(columns="power")

    @cached_property
    def simulated(self) -> bool:
        """Whether the shipped simulation is of as many vertebrae and patients as these."""
        return (self.design.n, self.design.n_clusters) == (sum(simulation.SIZES), len(simulation.SIZES))

    @cached_property
    def simulation(self) -> pd.DataFrame:
        """How often each method errs, as simulated."""
        return simulation.read_results()

    # -- beside the paper's own --------------------------------------------------------------------------------------

    @cached_property
    def rate(self) -> Rate:
        """The leak rate, exact and for vertebrae that share patients."""
        return comparators.own_rate(self.design)

    @cached_property
    def series(self) -> Sequence[Series]:
        """The leak rates of other series beside it."""
        return comparators.compare(self.design.events, self.design.n, comparators.read_comparators())

    @_kept
    def relief(self) -> pd.DataFrame:
        """Differences in relief against the least that matters."""
        return outcome.relief(self.dataset.patients, self.dataset.vertebrae)

    @cached_property
    def relief_seen(self) -> pd.DataFrame:
        """How far those reach over reconstructions."""
        return implied.read_relief()

    # -- what a reconstruction leaves free ---------------------------------------------------------------------------

    @cached_property
    def ensembles(self) -> Mapping[str, Ensemble]:
        """The reconstructions that the compendium ships."""
        return implied.shipped()

    @_kept
    def fits(self) -> pd.DataFrame:
        """Models over every reconstruction."""
        return implied.fits(self.ensembles)

    @_kept
    def any_fill_fits(self) -> pd.DataFrame:
        """Models over every reconstruction that need not print the mean fill ratio."""
        return implied.fits(implied.shipped(ANY_FILL))

    @_kept
    def implied(self) -> pd.DataFrame:
        """How far their slopes reach, by model."""
        any_fill = implied.ranges(self.any_fill_fits)
        return implied.with_any_fill(implied.ranges(self.fits), any_fill)

    @_kept
    def spread(self) -> Mapping[tuple[str, str], pd.DataFrame]:
        """How far reconstructions differ in what no claim tells: drawn, furthest out, and without the mean fill."""
        return {
            (kind, source): spread(ensemble)
            for kind in ("", ANY_FILL)
            for source, ensemble in implied.shipped(kind).items()
        }

    @cached_property
    def identified(self) -> tuple[float, float] | None:
        """How far the slope reaches over reconstructions; None of real data."""
        return implied.identified() if self.dataset.reconstruction else None

    @cached_property
    def identified_any_fill(self) -> tuple[float, float] | None:
        """How far it reaches where the mean fill ratio need not be the printed one; None of real data."""
        return implied.identified(ANY_FILL) if self.dataset.reconstruction else None

    @cached_property
    def scores_with_range(self) -> pd.DataFrame:
        """Scores over time, of a reconstruction with how far their means reach over all of them."""
        return self.scores.merge(implied.free_scores(), how="left") if self.dataset.reconstruction else self.scores

    @cached_property
    def free_p(self) -> Mapping[str, tuple[float, float]]:
        """How far the p that the paper does not print reach over reconstructions, by variable; empty of real data."""
        return implied.free_p() if self.dataset.reconstruction else {}

    @cached_property
    def free_terms(self) -> pd.DataFrame:
        """How far the other coefficients of a leak reach over reconstructions, by term; empty of real data."""
        return implied.free_terms() if self.dataset.reconstruction else pd.DataFrame()

    @_kept
    def free_slopes(self) -> pd.DataFrame:
        """How far the slope reaches over reconstructions, by unit and adjustment; empty of real data."""
        return implied.free_slopes() if self.dataset.reconstruction else pd.DataFrame()

    @_kept
    def free_rate(self) -> tuple[float, float] | None:
        """How far the interval for vertebrae that share patients reaches over reconstructions; None of real data."""
        return implied.free_rate() if self.dataset.reconstruction else None

    @cached_property
    def leak_kinds_with_range(self) -> pd.DataFrame:
        """Leaks by site and size, of a reconstruction with how far each count reaches over all of them."""
        found = self.leak_kinds
        if not self.dataset.reconstruction:
            return found
        # The printed sites and sizes are all there are: of another kind no reconstruction has a leak.
        return found.merge(implied.free_leak_kinds(), how="left").fillna(0).astype(dict.fromkeys(_FREE, int))

    def free_risk(self, fill_percent: ArrayLike) -> pd.DataFrame | None:
        """Return how far the risk along the fill reaches over reconstructions; None of real data."""
        return implied.free_risk(fill_percent) if self.dataset.reconstruction else None

    def free_spline(self, fill_percent: ArrayLike) -> pd.DataFrame | None:
        """Return how far the risk by the spline reaches over reconstructions; None of real data."""
        return implied.free_spline(fill_percent) if self.dataset.reconstruction else None

    @cached_property
    def free_calibration(self) -> pd.DataFrame | None:
        """How far predicted and observed shares reach over reconstructions; None of real data."""
        return implied.free_calibration() if self.dataset.reconstruction else None

    @cached_property
    def free_volumes(self) -> pd.DataFrame | None:
        """How far volumes and cement by rank in either group reach over reconstructions; None of real data."""
        return implied.free_volumes(MEASURED) if self.dataset.reconstruction else None

    @_kept
    def identified_intervals(self) -> Intervals | None:
        """How far the primary interval reaches over reconstructions; None of real data."""
        return implied.intervals() if self.dataset.reconstruction else None
