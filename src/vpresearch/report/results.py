"""The audit of the printed numbers, kept between reports: it depends on the paper's file and the code alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import pandas as pd

from vpresearch import implied
from vpresearch.audit import Check, audit
from vpresearch.core.errors import placed
from vpresearch.core.paths import BUILD, LOCK, PUBLISHED
from vpresearch.data import Dataset
from vpresearch.inference import ALPHA
from vpresearch.parallel import forks
from vpresearch.parallel.cache import keep
from vpresearch.published import Paper, comparators, read_paper
from vpresearch.published.comparators import Comparison
from vpresearch.reconstruct import Ensemble
from vpresearch.regression.assumptions import Assumption, assumptions
from vpresearch.regression.design import Estimate
from vpresearch.regression.models import Specification, fit_models, leak_design, specification_curve
from vpresearch.regression.simulation import read_results
from vpresearch.regression.validation import Performance, validate
from vpresearch.scorecard import Row, scorecard

_PACKAGE = Path(__file__).parents[1]
# What an audit is made by, below and beside its own floor.
_MAKERS = ("audit", "inference", "lattice", "core/dictionary.py", "core/reported.py", "published")


def audited(paper: Path, seed: int, folder: Path) -> list[Check]:
    """Audit a paper, or read what an earlier audit of the same file by the same code found."""
    place = folder / f"audit-{_digest(paper, seed)}"
    return keep(place, lambda: audit(read_paper(paper), seed))


def _digest(paper: Path, seed: int) -> str:
    """Tell one audit from another: by the paper's file, the seed, the lock and every line of code behind it."""
    digest = hashlib.sha256(f"{seed} ".encode() + paper.read_bytes() + LOCK.read_bytes())
    for maker in _MAKERS:
        place = _PACKAGE / maker
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Results:
    """The finished analysis of one dataset."""

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
    """Compute everything that a report tells."""
    # A copy has imported everything already.
    context = get_context("fork" if forks.possible() else "spawn")
    with ProcessPoolExecutor(1, context, forks.begin_beside) as beside:
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
            comparisons=comparators.compare(study.events, study.n, comparators.read_comparators()),
            simulation=read_results(),
            identified=implied.identified(dataset),
            ensembles=ensembles,
            fits=implied.fits(ensembles) if ensembles else pd.DataFrame(),
            checks=checks.result(),
        )
