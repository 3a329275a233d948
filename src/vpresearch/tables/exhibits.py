"""The exhibit map as a table."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from vpresearch.core.compendium import Image, read_compendium
from vpresearch.core.dictionary import columns
from vpresearch.data import Dataset
from vpresearch.inference.describe import select
from vpresearch.render import labels
from vpresearch.render.table import HIDDEN, Table
from vpresearch.results import Results


def exhibits_table(results: Results, language: str) -> Table:
    """Lay out which notebook makes which exhibit of the paper, and what no data can make."""

    def public(_: int) -> Table:
        return _exhibits(results.dataset, language, counted=False)

    return replace(_exhibits(results.dataset, language), public=public)


def _exhibits(dataset: Dataset, language: str, counted: bool = True) -> Table:
    compendium = read_compendium()
    rows = [
        {"exhibit": exhibit.name, "notebook": notebook.file, "output": exhibit.output, "vertebrae": ""}
        for notebook in compendium.notebooks
        for exhibit in notebook.exhibits
        if exhibit.name.startswith(("table", "figure"))
    ]
    rows += [
        {
            "exhibit": image.name,
            "notebook": "",
            "output": "",
            "vertebrae": _levels(image, dataset) if counted else HIDDEN,
        }
        for image in compendium.images
    ]
    rows.sort(key=lambda row: row["exhibit"])
    shown = [
        {
            labels.text("word.exhibit", language): labels.place(row["exhibit"], language),
            labels.text("word.notebook", language): row["notebook"],
            labels.text("word.output", language): row["output"]
            or labels.text("footnote.image", language, list=row["vertebrae"] or "0"),
        }
        for row in rows
    ]
    caption = labels.text("caption.exhibits", language)
    return Table("exhibits", pd.DataFrame(rows), pd.DataFrame(shown), caption, language, dataset.reconstruction)


def _levels(image: Image, dataset: Dataset) -> str:
    counts = select(dataset, "vertebrae", image.shows)["level"].value_counts()
    return ", ".join(
        f"{level.value} × {counts[level.value]}" for level in columns()["level"].levels if level.value in counts
    )
