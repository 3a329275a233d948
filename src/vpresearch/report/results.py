"""Everything that a report tells, computed once for all languages."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import pandas as pd

from vpresearch import copies, implied, literature
from vpresearch.audit import Check
from vpresearch.errors import placed
from vpresearch.inference import ALPHA
from vpresearch.literature import Comparison
from vpresearch.load import Dataset
from vpresearch.project import BUILD, PUBLISHED
from vpresearch.published import Paper, read_paper
from vpresearch.reconstruct import Ensemble
from vpresearch.regression.assumptions import Assumption, assumptions
from vpresearch.regression.models import fit_models, leak_design
from vpresearch.regression.result import Estimate
from vpresearch.regression.simulate import read_results
from vpresearch.regression.specification import Specification, specification_curve
from vpresearch.regression.validation import Performance, validate
from vpresearch.report.kept import audited
from vpresearch.scorecard import Row, scorecard


@dataclass(frozen=True)
class Results:
    """The finished analysis of one dataset.

    Attributes
    ----------
    dataset : Dataset
    paper : Paper
    alpha : float
    seed : int
    checks : sequence of Check
        The audit of the paper's printed numbers.
    rows : sequence of Row
        The scorecard.
    estimates : sequence of Estimate
        Every model of a leak on fill.
    performance : sequence of Performance
    specifications : sequence of Specification
    assumptions : sequence of Assumption
    comparisons : sequence of Comparison
        The leak rate beside other series.
    simulation : pandas.DataFrame
    identified : pair of float, or None
        What stands beside every slope of a reconstruction.
    ensembles : dict of str to Ensemble
        Empty for real data, as ``fits`` is.
    fits : pandas.DataFrame
    """

    dataset: Dataset
    paper: Paper
    alpha: float
    seed: int
    checks: Sequence[Check]
    rows: Sequence[Row]
    estimates: Sequence[Estimate]
    performance: Sequence[Performance]
    specifications: Sequence[Specification]
    assumptions: Sequence[Assumption]
    comparisons: Sequence[Comparison]
    simulation: pd.DataFrame
    identified: tuple[float, float] | None
    ensembles: dict[str, Ensemble]
    fits: pd.DataFrame


def compute(dataset: Dataset, alpha: float = ALPHA, seed: int = 1, kept: Path = BUILD) -> Results:
    """Compute everything that a report tells.

    Parameters
    ----------
    dataset : Dataset
    alpha : float, default 0.05
        Level of the protocol's test of normality.
    seed : int, default 1
    kept : pathlib.Path
        Folder in which the audit, which depends on no data and takes longest, is kept between reports.

    Returns
    -------
    Results
    """
    # A copy has imported everything already.
    context = get_context("fork" if copies.possible() else "spawn")
    with ProcessPoolExecutor(1, context, copies.begin_beside) as beside:
        checks = beside.submit(placed, audited, PUBLISHED, seed, kept)
        paper, study = read_paper(PUBLISHED), leak_design(dataset.rows)
        ensembles = dict(implied.shipped()) if dataset.reconstruction else {}
        return Results(
            dataset=dataset,
            paper=paper,
            alpha=alpha,
            seed=seed,
            rows=scorecard(paper, dataset, alpha),
            estimates=fit_models(dataset.rows, seed),
            performance=validate(study, seed=seed),
            specifications=specification_curve(dataset.rows),
            assumptions=assumptions(dataset.rows),
            comparisons=literature.compare(study.events, study.n, literature.read_comparators()),
            simulation=read_results(),
            identified=implied.identified(dataset),
            ensembles=ensembles,
            fits=implied.fits(ensembles) if ensembles else pd.DataFrame(),
            checks=checks.result(),
        )
