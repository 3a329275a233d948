"""What the published statistics alone imply for relief of pain and disability: every reconstruction asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from vpresearch.project import RELIEF
from vpresearch.reconstruct import Ensemble
from vpresearch.regression.change import change_design, changes
from vpresearch.regression.equivalence import CONTRASTS, equivalence


def relief(ensembles: Mapping[str, Ensemble]) -> pd.DataFrame:
    """Ask every dataset of some ensembles whether relief depends on fill or on leaks.

    Parameters
    ----------
    ensembles : dict of str to Ensemble

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
    rows = []
    for source, ensemble in ensembles.items():
        for number in range(len(ensemble)):
            table = ensemble.table(number)
            vertebrae = table.assign(fill_percent=100 * table["cement_volume_cc"] / table["vertebral_volume_cc"])
            patients = table.drop_duplicates("patient_id").set_index("patient_id")
            for score in ("vas", "odi"):
                about = changes(patients, vertebrae, score)
                found = [each for term in CONTRASTS for each in equivalence(change_design(about, term, score))]
                rows += [
                    {"source": source, "number": number, "outcome": each.outcome, "term": each.term}
                    | {"margin": each.margin, "estimate": each.estimate, "verdict": each.verdict}
                    for each in found
                ]
    return pd.DataFrame(rows)


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


def read_relief(path: Path | str = RELIEF) -> pd.DataFrame:
    """Read the ranges over the shipped ensembles, as ``benchmarks/relief_ensemble.py`` wrote them.

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
