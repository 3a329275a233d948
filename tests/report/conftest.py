from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from tests.parts import of
from vpresearch import implied
from vpresearch.audit import audit
from vpresearch.data import Dataset
from vpresearch.published import Paper
from vpresearch.reconstruct import ANY_FILL
from vpresearch.regression.models import leak_design
from vpresearch.regression.validation import validate
from vpresearch.report import Report, compose, prepare
from vpresearch.results import Results
from vpresearch.scorecard import scorecard

ABOUT = {"commit": "0123456789ab", "python": "3.11"}


@pytest.fixture(scope="session")
def results(paper: Paper, shipped: Dataset) -> Callable[[bool], Results]:
    """The analysis of the reconstruction, as it is or as if its rows were real, with what is slow cut short."""
    few = tuple(claim for claim in paper.claims if "table3.vertebr" in claim.id or "table1" in claim.id)
    checks = audit(replace(paper, claims=few))
    study = leak_design(shipped.rows)
    ensembles = {name: ensemble.take(range(3)) for name, ensemble in implied.shipped().items()}
    fits, any_fill_fits = (implied.fits(each) for each in (ensembles, implied.shipped(ANY_FILL)))

    @cache
    def results(reconstruction: bool) -> Results:
        dataset = replace(shipped, reconstruction=reconstruction)
        return of(
            dataset,
            paper=paper,
            checks=checks,
            rows=scorecard(paper, dataset),
            performance=validate(study, 50),
            ensembles=ensembles,
            fits=fits,
            any_fill_fits=any_fill_fits,
        )

    return results


@pytest.fixture(scope="session")
def composed(results: Callable[[bool], Results]) -> Callable[[str, bool], Report]:
    """A report by language and kind of data."""

    @cache
    def composed(language: str, reconstruction: bool) -> Report:
        (prepared,) = prepare(results(reconstruction), [language])
        return compose(prepared, ABOUT)

    return composed
