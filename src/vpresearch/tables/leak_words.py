"""What the tables on leaks and fill share: words, and the notes that a reconstruction and a failed fit need."""

from __future__ import annotations

from collections.abc import Mapping

from vpresearch import labels
from vpresearch.implied import identified, identified_intervals
from vpresearch.load import Dataset


def word(key: str, language: str, **values: object) -> str:
    """Give the words of a table on leaks: ``labels.text`` under ``leak_table``."""
    return labels.text(f"leak_table.{key}", language, **values)


def one_of_many(dataset: Dataset, language: str) -> tuple[str, ...]:
    """Say, of a reconstruction, how far the slope and the primary interval were seen to reach in others.

    Parameters
    ----------
    dataset : Dataset
    language : {"es", "en"}

    Returns
    -------
    tuple of str
        One note; none for real data.
    """
    witnessed, reach = identified(dataset), identified_intervals(dataset)
    if witnessed is None or reach is None:
        return ()
    ends = dict(zip(("least", "most", "low", "high"), (*witnessed, reach.least, reach.greatest), strict=True))
    numbers = {name: labels.number(end, 3, language) for name, end in ends.items()}
    return (word("identified", language, below=reach.below, n=reach.n, **numbers),)


def reasons(told: Mapping[str, str], language: str) -> tuple[str, ...]:
    """Say which models give no number, or one that hangs on more than the likelihood, and why.

    Parameters
    ----------
    told : dict of str to str
        Reasons by model, empty where there is nothing to say.
    language : {"es", "en"}

    Returns
    -------
    tuple of str
        One note a model.

    Examples
    --------
    >>> reasons({"ml": "one_outcome", "flic": ""}, "en")
    ('Maximum likelihood: the outcome does not vary.',)
    """
    return tuple(
        f"{labels.text(f'model.{model}', language)}: {labels.why_not(reason, language)}."
        for model, reason in told.items()
        if reason
    )
