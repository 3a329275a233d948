"""What the published statistics alone imply for relief of pain and disability: every reconstruction asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from vpresearch.files import put
from vpresearch.implied import cut
from vpresearch.project import RELIEF
from vpresearch.reconstruct import Ensemble
from vpresearch.regression.change import change_design, changes
from vpresearch.regression.equivalence import CONTRASTS, equivalence
from vpresearch.telling import progress_bar
from vpresearch.workers import InPlace, Workers, gather

# Datasets that are asked at once, two seconds' work.
BLOCK = 25


def relief(
    ensembles: Mapping[str, Ensemble], workers: Workers | None = None, progress: str | None = None
) -> pd.DataFrame:
    """Ask every dataset of some ensembles whether relief depends on fill or on leaks.

    Parameters
    ----------
    ensembles : dict of str to Ensemble
    workers : Workers, optional
        This process where not given.
    progress : {"es", "en"}, optional
        Language of a bar with the time left, on standard error; no bar where not given.

    Returns
    -------
    pandas.DataFrame
        ``source``, ``number``, and ``outcome``, ``term``, ``margin``, ``estimate`` and ``verdict`` as of
        ``Equivalence``: one row a dataset, score, predictor and margin.

    Examples
    --------
    >>> from vpresearch.implied import shipped
    >>> relief({"drawn": shipped()["drawn"].take([0])})["term"].tolist()
    ['leak', 'leak', 'fill_percent', 'fill_percent', 'leak', 'fill_percent']
    """
    tasks = cut(ensembles, BLOCK)
    gathered = gather(workers or InPlace(), _block, tasks)
    bar = progress_bar("blocks", len(tasks), progress, gathered)
    found = {task[:2]: rows for task, rows in bar}
    return pd.DataFrame([row for source, start, _ in tasks for row in found[source, start]])


def _block(source: str, start: int, ensemble: Ensemble) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for number in range(len(ensemble)):
        table = ensemble.table(number)
        vertebrae = table.assign(fill_percent=100 * table["cement_volume_cc"] / table["vertebral_volume_cc"])
        patients = table.drop_duplicates("patient_id").set_index("patient_id")
        for score in ("vas", "odi"):
            about = changes(patients, vertebrae, score)
            found = [each for term in CONTRASTS for each in equivalence(change_design(about, term, score))]
            rows += [
                {"source": source, "number": start + number, "outcome": each.outcome, "term": each.term}
                | {"margin": each.margin, "estimate": each.estimate, "verdict": each.verdict}
                for each in found
            ]
    return rows


def relief_ranges(table: pd.DataFrame) -> pd.DataFrame:
    """Give how far the differences in relief reach over the datasets, and how often each verdict falls.

    Parameters
    ----------
    table : pandas.DataFrame
        From ``relief``, with datasets that were drawn and that are extreme.

    Returns
    -------
    pandas.DataFrame, one row an outcome, term and margin
        ``least`` and ``greatest`` of all; of the drawn ones ``n``, and how many are ``equivalent``, ``inconclusive``
        and ``different``.
    """
    rows = []
    for (outcome, term, margin), part in table.groupby(["outcome", "term", "margin"], sort=False):
        drawn = part[part["source"] == "drawn"]
        row = {"outcome": outcome, "term": term, "margin": margin}
        row |= {"least": part["estimate"].min(), "greatest": part["estimate"].max(), "n": len(drawn)}
        row |= {name: int((drawn["verdict"] == name).sum()) for name in ("equivalent", "inconclusive", "different")}
        rows.append(row)
    return pd.DataFrame(rows)


def write_relief(ensembles: Mapping[str, Ensemble], path: Path, workers: Workers, progress: str | None) -> None:
    """Write the ranges over some ensembles, whole or not at all.

    Parameters
    ----------
    ensembles : dict of str to Ensemble
    path : pathlib.Path
    workers, progress
        As of ``relief``.
    """
    table = relief_ranges(relief(ensembles, workers, progress))
    put(path, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def read_relief(path: Path | str = RELIEF) -> pd.DataFrame:
    """Read the ranges over the shipped ensembles, as ``write_relief`` wrote them.

    Parameters
    ----------
    path : pathlib.Path or str

    Returns
    -------
    pandas.DataFrame
        As of ``relief_ranges``.

    Examples
    --------
    >>> read_relief()["term"].unique().tolist()
    ['leak', 'fill_percent']
    """
    return pd.read_csv(path)
