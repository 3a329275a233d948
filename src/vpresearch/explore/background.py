"""Long audits in a process of their own, so that the page goes on answering, and can stop them."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

import numpy as np

from vpresearch.audit import Check
from vpresearch.audit.contingency import check_contingency
from vpresearch.audit.counts import check_counts
from vpresearch.audit.derived import check_derived
from vpresearch.audit.joined import check_joined
from vpresearch.audit.moments import check_moments
from vpresearch.audit.p_values import check_p_values
from vpresearch.published import Paper

Told = Callable[[list[Check], bool | None, float], None]


class Audit:
    """The audit of one typed paper at a time."""

    def __init__(self) -> None:
        self._process: multiprocessing.process.BaseProcess | None = None

    def start(self, paper: Paper, told: Told) -> None:
        """Audit a paper, in the place of one that is under way.

        Parameters
        ----------
        paper : Paper
        told : callable
            Called with the checks so far, whether they are all (None: the process failed, and no more will come), and
            the seconds since the start: after every check, and once a second in between.
        """
        self.stop()
        context = multiprocessing.get_context("spawn")
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(paper, sender), daemon=True)
        process.start()
        sender.close()
        self._process = process
        threading.Thread(target=self._listen, args=(process, receiver, told), daemon=True).start()

    def stop(self) -> None:
        """End the audit that is under way, if any."""
        process, self._process = self._process, None
        if process is not None and process.is_alive():
            process.terminate()

    def _listen(self, process: multiprocessing.process.BaseProcess, receiver: Connection, told: Told) -> None:
        checks: list[Check] = []
        began = time.monotonic()
        done: bool | None = False
        while done is False:
            try:
                if receiver.poll(1.0):
                    check = receiver.recv()
                    done = check is None
                    checks += [] if done else [check]
            except (EOFError, OSError):
                done = None
            if self._process is not process:
                return
            told(checks, done, time.monotonic() - began)
        process.join()


def _work(paper: Paper, sender: Connection) -> None:
    rng = np.random.default_rng(1)
    for check in (
        *check_counts(paper, "any"),
        *check_contingency(paper, "any"),
        *check_derived(paper, "any"),
    ):
        sender.send(check)
    for checks in (
        check_moments(paper, "any", rng),
        check_joined(paper, "any", rng),
        check_p_values(paper, "any", rng),
    ):
        for check in checks:
            sender.send(check)
    sender.send(None)
