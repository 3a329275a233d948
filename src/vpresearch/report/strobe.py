"""Where a reader finds what the STROBE statement asks of an observational study."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import yaml

from vpresearch import labels
from vpresearch.tables import Table

_ITEMS = Path(__file__).parent / "templates" / "strobe.yaml"


def strobe_table(sections: Mapping[str, str], language: str) -> Table:
    """Lay out the items of STROBE, each with its places in the report and in the paper.

    Parameters
    ----------
    sections : dict of str to str
        Titles of the report's sections by their ids.
    language : {"es", "en"}

    Returns
    -------
    Table

    Raises
    ------
    KeyError
        If an item names a section that the report does not have.
    """
    items = yaml.safe_load(_ITEMS.read_text(encoding="utf-8"))
    rows = []
    for item in items:
        report = "; ".join(sections[name] for name in item["report"])
        paper = "; ".join(labels.place(place, language) for place in item["paper"])
        paper = paper or labels.text("report.authors", language)
        rows.append((str(item["item"]), item[language], report or "–", paper))
    heads = [labels.text(f"report.strobe_{head}", language) for head in ("item", "asks", "report", "paper")]
    data = pd.DataFrame(
        [(item["item"], " ".join(item["report"]), "; ".join(item["paper"])) for item in items],
        columns=["item", "report", "paper"],
    )
    notes = (labels.text("report.strobe_note", language),)
    caption = labels.text("report.strobe_caption", language, n=len(items))
    return Table("strobe", data, pd.DataFrame(rows, columns=heads), caption, language, False, notes)
