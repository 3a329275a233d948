"""An ensemble drawn by several processes: the same datasets for any number of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from itertools import count
from multiprocessing import get_context
from typing import Any

import pandas as pd
from tqdm import tqdm

from vpresearch.published import Paper
from vpresearch.reconstruct.dataset import draw_block
from vpresearch.reconstruct.ensemble import Ensemble, from_tables
from vpresearch.reconstruct.extreme import STATISTICS, STEPS, Sign, Witness, extreme
from vpresearch.reconstruct.targets import attainable
from vpresearch.reconstruct.verify import verify

BLOCK = 320


class InPlace(Executor):
    """An executor that does the work at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function; what it raises is raised here."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def draw_ensemble(
    paper: Paper,
    n: int,
    seed: int,
    *,
    workers: int | None = None,
    executor: Executor | None = None,
    block: int = BLOCK,
    progress: bool = False,
) -> Ensemble:
    """Draw datasets that each satisfy every attainable claim of a paper, all verified.

    Datasets are drawn in numbered blocks, each with its own generator, and taken in the order of the blocks.

    Parameters
    ----------
    paper : Paper
    n : int
        Datasets.
    seed : int
    workers : int, optional
        Processes; one for each core where not given.
    executor : concurrent.futures.Executor, optional
        Does the work instead of processes of its own; ``workers`` then says how many blocks to hand it at a time.
    block : int
        Searches in a block; another size gives other datasets.
    progress : bool, default False
        Whether to show a bar with the time left, on standard error.

    Returns
    -------
    Ensemble
        The same for the same paper, ``n``, ``seed``, ``block`` and version of numpy, whatever the workers.

    Raises
    ------
    ValueError
        If ``n`` is less than 1.
    """
    if n < 1:
        raise ValueError(f"an ensemble has at least one dataset, not {n}")
    workers = workers or os.cpu_count() or 1
    tables: list[pd.DataFrame] = []
    with _pool(workers, executor) as pool, tqdm(total=n, unit="dataset", disable=not progress) as bar:
        waiting: list[Future[list[pd.DataFrame]]] = []
        for finished in count():
            # No more blocks than are likely to be needed: the last ones would keep everybody waiting.
            usual = len(tables) / finished if tables else block / 3
            while not waiting or (len(waiting) < workers and len(tables) + len(waiting) * usual < n):
                waiting.append(pool.submit(draw_verified, paper, seed, finished + len(waiting), block))
            drawn = waiting.pop(0).result()
            tables += drawn[: n - len(tables)]
            bar.update(len(tables) - bar.n)
            if len(tables) == n:
                for future in waiting:
                    future.cancel()
                return from_tables(tables)
    raise AssertionError("the blocks never end")


def draw_verified(paper: Paper, seed: int, number: int, size: int) -> list[pd.DataFrame]:
    """Draw a block and keep the datasets in which a checker of its own finds no claim that fails.

    Parameters
    ----------
    paper : Paper
    seed, number, size : int
        As in ``draw_block``.

    Returns
    -------
    list of pandas.DataFrame, each of shape (n_vertebrae, n_columns)
    """
    instead = attainable(paper)
    return [table for table in draw_block(paper, seed, number, size) if not verify(table, paper, instead)]


def draw_extremes(
    paper: Paper,
    ensemble: Ensemble,
    seed: int,
    *,
    workers: int | None = None,
    executor: Executor | None = None,
    progress: bool = False,
    steps: int = STEPS,
) -> list[Witness]:
    """Search for the least and the greatest value of each statistic of ``extreme``.

    Parameters
    ----------
    paper : Paper
    ensemble : Ensemble
        Where the searches start.
    seed : int
    workers, executor, progress
        As in ``draw_ensemble``.
    steps : int
        As in ``extreme``.

    Returns
    -------
    list of Witness
        By statistic, the least before the greatest.
    """
    signs: tuple[Sign, Sign] = (-1, 1)
    aims = [(statistic, sign) for statistic in STATISTICS for sign in signs]
    with (
        _pool(workers or os.cpu_count() or 1, executor) as pool,
        tqdm(total=len(aims), unit="search", disable=not progress) as bar,
    ):
        searches = [pool.submit(extreme, paper, ensemble, *aim, seed, steps) for aim in aims]
        witnesses = []
        for search in searches:
            witnesses.append(search.result())
            bar.update()
        return witnesses


def _pool(workers: int, executor: Executor | None) -> AbstractContextManager[Executor]:
    if executor is not None:
        return nullcontext(executor)
    if workers == 1:
        return nullcontext(InPlace())
    # Spawned, since a copy of a process with threads may hang; and ended by the same key press as this process.
    return ProcessPoolExecutor(workers, get_context("spawn"), signal.signal, (signal.SIGINT, signal.SIG_DFL))
