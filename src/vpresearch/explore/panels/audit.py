"""Long audits in a process of their own, so that the page goes on answering, and can stop them."""

from __future__ import annotations

import math
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import ipywidgets as widgets
import numpy as np

from vpresearch.audit import Check
from vpresearch.audit.audit import each_check, settled
from vpresearch.audit.cells import grids, groups
from vpresearch.audit.counts import check_on_grid
from vpresearch.audit.p_attained import t_bounds
from vpresearch.core.errors import InputError, line
from vpresearch.core.reported import Reported
from vpresearch.explore import chart, show
from vpresearch.explore.chart import Plot
from vpresearch.explore.session import Session
from vpresearch.parallel.forks import end_with_parent
from vpresearch.published import Claim, Compute, Grid, Paper
from vpresearch.published.read import read_pasted
from vpresearch.render.labels import audited, p_value, printed, text

Told = Callable[[list[Check], bool | None, float], None]


class Audit:
    """The audit of one typed paper at a time; it goes on when nobody looks, and tells whoever comes back."""

    def __init__(self) -> None:
        self._process: multiprocessing.process.BaseProcess | None = None
        self.last: tuple[list[Check], bool | None, float] | None = None
        self.told: Told = lambda *_: None

    def start(self, paper: Paper) -> None:
        """Audit a paper, in the place of one that is under way."""
        self.stop()
        self._tell([], False, 0.0)
        context = multiprocessing.get_context("spawn")
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(paper, sender), daemon=True)
        process.start()
        sender.close()
        self._process = process
        threading.Thread(target=self._listen, args=(process, receiver), daemon=True).start()

    def stop(self) -> None:
        """End the audit that is under way, if any, and forget what it has found."""
        self.last = None
        process, self._process = self._process, None
        if process is not None and process.is_alive():
            process.terminate()

    def _listen(self, process: multiprocessing.process.BaseProcess, receiver: Connection) -> None:
        checks: list[Check] = []
        began = time.monotonic()
        done: bool | None = False
        while done is False:
            try:
                if receiver.poll(1.0):
                    made: Check | list[Check] | None = receiver.recv()
                    done = made is None
                    checks = made if isinstance(made, list) else [*checks, *([made] if made else [])]
            except (EOFError, OSError):
                done = None
            if self._process is not process:
                return
            self._tell(checks, done, time.monotonic() - began)
        process.join()

    def _tell(self, checks: list[Check], done: bool | None, seconds: float) -> None:
        self.last = (checks, done, seconds)
        self.told(*self.last)


def _work(paper: Paper, sender: Connection) -> None:
    end_with_parent(signal.SIGKILL)
    checks = []
    for check in each_check(paper):
        checks.append(check)
        sender.send(check)
    sender.send(settled(paper, checks))
    sender.send(None)


NAMES = ("n", "mean", "sd")
GROUPS = ("a", "b")
_KINDS = {"n": "count", "mean": "mean", "sd": "sd"}
MOST = 100_000
# Problems of a pasted table that are shown.
_MOST_PROBLEMS = 20
# What can be put into the boxes at once, as a Spanish paper prints it.
_BOXES = (*(f"{name}_{group}" for group in GROUPS for name in NAMES), "p", "low", "high", "step")
PRESETS = {
    name: dict(zip(_BOXES, values, strict=True))
    for name, values in {
        "volume": ("26", "27,0", "5,9", "15", "24,5", "5,9", "0,466", "", "", "0,1"),
        "swapped": ("26", "27,0", "5,9", "15", "24,5", "5,9", "0,267", "", "", "0,1"),
        "grim": ("10", "3,45", "", "", "", "", "", "0", "10", "1"),
    }.items()
}


def typed_paper(typed: Mapping[str, str]) -> Paper | str:
    """Set what was typed down as a paper's claims."""
    given = {name: value.strip() for name, value in typed.items() if value.strip()}
    for name in ("n_a", "mean_a", *given):
        if not _readable(name, given.get(name, "")):
            return name
    step, low, high = given.get("step", "1"), given.get("low"), given.get("high")
    decimals = [value.replace(",", ".") if value else None for value in (step, low, high)]
    if low and high and Reported(low).value >= Reported(high).value:
        return "high"
    claims = [
        _claim(f"{name}_{group}", given, name, None if name == "n" else "typed", {"group": group})
        for group in GROUPS
        for name in NAMES
        if f"{name}_{group}" in given and f"n_{group}" in given
    ]
    if "p" in given:
        claims.append(_claim("p", given, "p", "typed", {}))
    return Paper(
        "typed", {}, {"typed": Grid("patients", str(decimals[0]), decimals[1], decimals[2])}, {}, tuple(claims)
    )


def _claim(name: str, given: Mapping[str, str], statistic: Any, variable: str | None, where: dict[str, str]) -> Claim:
    kind = _KINDS.get(statistic, "p")
    return Claim(name, Reported(given[name]), kind, (), Compute(statistic, "patients", variable, group=where))  # type: ignore[arg-type]


def _readable(name: str, value: str) -> bool:
    try:
        number_of = Reported(value)
    except ValueError:
        return False
    if name.startswith("n_"):
        return not number_of.decimals and not number_of.bound and 2 <= number_of.value <= MOST
    if name == "step":
        return not number_of.bound and number_of.value > 0
    if name == "p":
        return 0 <= number_of.value <= 1
    return not number_of.bound and not (name.startswith("sd") and number_of.value < 0)


def at_once(paper: Paper) -> list[Check]:
    """Make the checks that take no time: each mean and SD on the stated grid."""
    rng = np.random.default_rng(1)
    found = []
    for group in groups(paper):
        grid, _ = grids(paper, group.variable)[0]
        found.append(check_on_grid(paper, group, grid, "any", rng, stated=True))
    return found


def t_range(paper: Paper) -> dict[str, tuple[float, float]]:
    """Bound the p of both t tests by the printed means and SDs alone."""
    stated = {claim.id: claim.printed for claim in paper.claims}
    if not all(f"{name}_{group}" in stated for name in NAMES for group in GROUPS):
        return {}
    means, sds = ((stated[f"{name}_a"], stated[f"{name}_b"]) for name in ("mean", "sd"))
    sizes = int(stated["n_a"].value), int(stated["n_b"].value)
    return {test: t_bounds(means, sds, sizes, equal_var=test == "student") for test in ("student", "welch")}


def cannot_give(paper: Paper) -> dict[str, bool]:
    """Tell of each t test whether it cannot give the printed p; of none where no p is printed."""
    stated = next((claim.printed.interval() for claim in paper.claims if claim.id == "p"), None)
    if stated is None:
        return {}
    least, most = (math.nan if end is None else float(end) for end in (stated.low, stated.high))
    return {test: most < low or least > high for test, (low, high) in t_range(paper).items()}


def headline(paper: Paper, found: list[Check], language: str) -> str:
    """Say what is impossible, among means and SDs and of the printed p."""
    alarms = sum(check.verdict == "impossible" for check in found)
    words = text("explore.audit_is", language, n=len(found), alarms=alarms)
    if apart := cannot_give(paper):
        words += " " + text("explore.audit_p_is", language, n=len(apart), alarms=sum(apart.values()))
    return show.paragraph(words, "vp-big")


def t_table(paper: Paper, language: str) -> str:
    """Write which p each t test can give, and whether the printed one is among them."""
    stated = next((claim.printed for claim in paper.claims if claim.id == "p"), None)
    rows, apart = [], cannot_give(paper)
    for test, (low, high) in t_range(paper).items():
        verdict = text(f"explore.{'cannot' if apart[test] else 'can'}_be", language) if apart else "–"
        rows.append([text(f"test.{test}", language), p_value(low, language), p_value(high, language), verdict])
    heads = [text("word.test", language), text("explore.p_least", language), text("explore.p_most", language)]
    heads.append(text("explore.printed_p_verdict", language, p=printed(stated.printed, language) if stated else "–"))
    return show.table(text("explore.t_caption", language), heads, rows) if rows else ""


def where(claims: Collection[str], language: str) -> str:
    """Name the boxes that a check is of, by group."""
    parts = []
    for group in GROUPS:
        names = [text(f"explore.type_{name}", language) for name in ("mean", "sd", "n") if f"{name}_{group}" in claims]
        *rest, last = names or [""]
        if last:
            listed = text("explore.and", language, first=", ".join(rest), last=last) if rest else last
            parts.append(f"{listed}, {text(f'explore.group_{group}', language)}")
    return "; ".join([*parts, *([text("explore.type_p", language)] if "p" in claims else [])])


def checks_table(checks: list[Check], language: str) -> str:
    """Write what checks found, the impossible ones standing out."""
    rows: list[list[str]] = []
    alarms: list[int] = []
    for check in checks:
        name = check.check
        said = [text(f"audit_check.{name}", language), where(check.claims, language) or "; ".join(check.claims)]
        said.append(text(f"audit_verdict.{check.verdict}", language))
        if check.verdict == "impossible":
            alarms.append(len(rows))
        rows.append([*said, audited(check, language)])
    heads = [
        text("word.check", language),
        text("explore.numbers", language),
        text("word.verdict", language),
        text("word.detail", language),
    ]
    return show.table(text("explore.checks_caption", language), heads, rows, chosen=alarms, words=4)


def draw(paper: Paper, language: str) -> dict[str, Any]:
    """Draw the p that each t test can give, and the printed one."""
    names = {"student": 0.0, "welch": 1.0}
    marks = []
    found = t_range(paper)
    for test, (low, high) in found.items():
        marks.append(chart.interval((low + high) / 2, low, high, names[test], chart.NO))
    stated = next((claim.printed for claim in paper.claims if claim.id == "p"), None)
    ends = [end for pair in found.values() for end in pair]
    if stated:
        value = float(stated.value)
        ends.append(value)
        marks.append(chart.line([value, value], [-0.5, 1.5], chart.YES, text("explore.printed_p", language), "6 5"))
    axes = (
        chart.axis("p", 0.0, min(1.0, 1.15 * max(ends, default=1.0)), language),
        chart.categories("", [text(f"test.{test}", language) for test in names]),
    )
    heads = [text("word.test", language), text("explore.p_least", language), text("explore.p_most", language)]
    rows = [
        [text(f"test.{test}", language), p_value(low, language), p_value(high, language)]
        for test, (low, high) in found.items()
    ]
    title = text("explore.audit_chart", language)
    return chart.chart(title, text("explore.audit_says", language), axes, marks, (heads, rows), language, height=260)


def panel(session: Session) -> widgets.Widget:
    """Show the boxes to type in, the checks that take no time, and the button for all the others."""
    language = session.language
    mark = text("explore.decimal_example", language)
    typed = {
        name: session.keep(
            f"audit.{name}",
            show.made(
                widgets.Text,
                value.replace(",", mark),
                description=text(f"explore.type_{name}", language),
                continuous_update=False,
            ),
        )
        for name, value in PRESETS["volume"].items()
    }
    presets = {
        name: show.made(widgets.Button, description=text(f"explore.audit_as_{name}", language)) for name in PRESETS
    }
    everything = show.made(widgets.Button, description=text("explore.audit_all", language))
    stop = show.made(widgets.Button, description=text("explore.audit_stop", language), disabled=True)
    said, bounds, checks, progress, plot = show.html(), show.html(), show.html(), show.html(), Plot()
    code, fault = show.html(), show.html()
    pasted = show.made(
        widgets.Textarea,
        session.notes.get("pasted", ""),
        description=text("explore.audit_paste", language),
        placeholder=text("explore.audit_paste_such", language),
        rows=8,
    )
    table = show.made(widgets.Button, description=text("explore.audit_pasted", language))
    state = {"quiet": False}
    running: Audit = session.notes.setdefault("audit", Audit())

    def asked() -> Paper | str:
        return typed_paper({name: control.value for name, control in typed.items()})

    def change() -> None:
        # A preset fills all boxes, and is judged once.
        if state["quiet"]:
            return
        running.stop()
        stop.disabled, progress.value = True, ""
        update()

    def update() -> None:
        paper = asked()
        if isinstance(paper, str):
            words = text("explore.audit_unreadable", language, box=text(f"explore.type_{paper}", language))
            said.value = show.paragraph(words, "vp-fault")
            # What stood here is of other numbers than those in the boxes.
            bounds.value, checks.value, code.value, plot.spec = "", "", "", {}
            return
        found = at_once(paper)
        given = {name: control.value for name, control in typed.items() if control.value}
        code.value = show.python(
            session,
            "from vpresearch.explore.panels.audit import typed_paper",
            f"vp.audit_paper(typed_paper({given}))",
        )
        said.value = headline(paper, found, language)
        bounds.value, checks.value = t_table(paper, language), checks_table(found, language)
        plot.spec = draw(paper, language)

    def told(found: list[Check], done: bool | None, seconds: float) -> None:
        if found:
            # Of a table those that pass would be hundreds.
            shown = [each for each in found if each.alarm or each.remark] if session.notes.get("of_pasted") else found
            checks.value = checks_table(shown, language)
        word = {True: "done", False: "running", None: "ended"}[done]
        progress.value = show.paragraph(text(f"explore.audit_{word}", language, n=len(found), seconds=round(seconds)))
        stop.disabled = done is not False

    def run() -> None:
        paper = asked()
        if isinstance(paper, str):
            return
        session.notes["of_pasted"] = False
        running.start(paper)

    def run_pasted() -> None:
        running.stop()
        session.notes |= {"pasted": pasted.value, "of_pasted": True}
        fault.value = checks.value = progress.value = ""
        try:
            paper = read_pasted(pasted.value, text("explore.audit_paste", language))
        except InputError as error:
            problems = (line(problem, language) for problem in error.problems[:_MOST_PROBLEMS])
            fault.value = "".join(show.paragraph(said, "vp-fault") for said in problems)
        else:
            running.start(paper)

    def halt() -> None:
        running.stop()
        stop.disabled, progress.value = True, show.paragraph(text("explore.audit_stopped", language))

    def fill(name: str) -> None:
        state["quiet"] = True
        for box, value in PRESETS[name].items():
            typed[box].value = value.replace(",", mark)
        state["quiet"] = False
        change()

    for name, button in presets.items():
        button.on_click(session.guarded(partial(lambda name, _: fill(name), name)))
    everything.on_click(session.guarded(lambda _: run()))
    table.on_click(session.guarded(lambda _: run_pasted()))
    stop.on_click(session.guarded(lambda _: halt()))
    for control in typed.values():
        session.on(control, change)
    update()
    running.told = told
    if running.last is not None:
        told(*running.last)
    one, two = (show.third(*(typed[f"{name}_{group}"] for name in NAMES)) for group in GROUPS)
    more = show.third(*(typed[name] for name in ("p", "low", "high", "step")))
    head = show.heading("audit", language)
    return show.column(
        head,
        show.near(*presets.values()),
        show.row(one, two, more),
        said,
        show.row(show.half(bounds), show.half(plot)),
        show.row(everything, stop),
        pasted,
        table,
        fault,
        progress,
        checks,
        code,
    )
