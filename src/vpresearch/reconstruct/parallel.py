"""An ensemble drawn by several workers: the same datasets for any number of them."""

from __future__ import annotations

from itertools import count, takewhile
from math import ceil

import pandas as pd

from vpresearch.core.errors import progress_bar
from vpresearch.parallel import InPlace, Workers, gather
from vpresearch.published import Paper
from vpresearch.reconstruct.dataset import draw_block
from vpresearch.reconstruct.ensemble import Ensemble, from_tables
from vpresearch.reconstruct.extreme import STATISTICS, STEPS, Sign, Witness, extreme
from vpresearch.reconstruct.targets import attainable
from vpresearch.reconstruct.verify import verify

BLOCK = 320


def draw_ensemble(
    paper: Paper,
    n: int,
    seed: int,
    *,
    workers: Workers | None = None,
    block: int = BLOCK,
    progress: str | None = None,
) -> Ensemble:
    """Draw datasets that each satisfy every attainable claim of a paper, all verified.

    Datasets are drawn in numbered blocks, each with its own generator, and taken in the order of the blocks.
    """
    if n < 1:
        raise ValueError(f"an ensemble has at least one dataset, not {n}")
    workers = workers or InPlace()
    drawn: dict[int, list[pd.DataFrame]] = {}
    found = 0

    def wanted() -> int:
        # No more blocks than are likely to be needed: the last ones would keep everybody waiting.
        usual = max(found / len(drawn) if drawn else block / 3, 1)
        return min(workers.n, ceil((n - found) / usual))

    with progress_bar("datasets", n, progress) as bar:
        numbers = ((paper, seed, number, block) for number in count())
        for (*_, number, _), tables in gather(workers, draw_verified, numbers, wanted):
            drawn[number] = tables
            found += len(tables)
            bar.update(min(found, n) - bar.n)
            # Those after a block that is still missing have to wait for it.
            ready = [table for number in takewhile(drawn.__contains__, count()) for table in drawn[number]]
            if len(ready) >= n:
                break
    return from_tables(ready[:n])


def draw_verified(paper: Paper, seed: int, number: int, size: int) -> list[pd.DataFrame]:
    """Draw a block and keep the datasets in which a checker of its own finds no claim that fails."""
    instead = attainable(paper)
    return [table for table in draw_block(paper, seed, number, size) if not verify(table, paper, instead)]


def draw_extremes(
    paper: Paper,
    ensemble: Ensemble,
    seed: int,
    *,
    workers: Workers | None = None,
    progress: str | None = None,
    steps: int = STEPS,
) -> list[Witness]:
    """Search for the least and the greatest value of each statistic of ``extreme``."""
    signs: tuple[Sign, Sign] = (-1, 1)
    aims = [(statistic, sign) for statistic in STATISTICS for sign in signs]
    tasks = ((paper, ensemble, *aim, seed, steps) for aim in aims)
    witnesses: dict[tuple[str, Sign], Witness] = {}
    with progress_bar("searches", len(aims), progress) as bar:
        for _, witness in gather(workers or InPlace(), extreme, tasks):
            witnesses[witness.statistic, witness.sign] = witness
            bar.update()
    return [witnesses[aim] for aim in aims]
