"""Results as tables, for notebooks: one way for every test, fit, summary, check and verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


class Framed:
    """A result that a notebook shows as a table."""

    def records(self) -> list[dict[str, Any]]:
        """Return the rows of the table, each as value by column."""
        return [_flat(self)]

    def to_frame(self) -> pd.DataFrame:
        """Return the result as a table, at full precision."""
        return to_frame([self])

    def _repr_html_(self) -> str:
        return str(self.to_frame().to_html())


def to_frame(results: Iterable[Framed]) -> pd.DataFrame:
    """Write several results of one kind as one table, at full precision.

    Parameters
    ----------
    results : iterable of results
        Such as the estimates of `fit_models`, the checks of `audit_paper` or the rows of `score_paper`.

    Returns
    -------
    pandas.DataFrame
        What a result holds inside another, such as an effect, stands in columns that begin with its name.

    Examples
    --------
    >>> import vpresearch as vp
    >>> first, second = [1.0, 2.0, 3.0], [2.0, 3.0, 4.0, 5.0]
    >>> tests = [vp.student(first, second), vp.welch(first, second)]
    >>> vp.to_frame(tests)[["test", "p_value"]].round(4)
          test  p_value
    0  student   0.1578
    1    welch   0.1443
    """
    # Lazy: commands that only refuse or help need no tables.
    import pandas as pd

    return pd.DataFrame([record for result in results for record in result.records()])


def _flat(result: Any) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for each in fields(result):
        value = getattr(result, each.name)
        if is_dataclass(value):
            flat |= {f"{each.name}_{name}": part for name, part in _flat(value).items()}
        elif value is not None:
            flat[each.name] = value
    return flat
