"""Change a module in one small way at a time and say which changes its tests do not see.

``python -m benchmarks.mutants MODULE EVERY AT_ONCE TEST ...`` tries one change of EVERY, AT_ONCE together, each in a
copy of one process that has collected the tests, and against those that reach the line alone.
"""

from __future__ import annotations

import ast
import gc
import importlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import accumulate, zip_longest
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest

_OPPOSITES = ((ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.In, ast.NotIn), (ast.Is, ast.IsNot))
_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {**dict(_OPPOSITES), **{b: a for a, b in _OPPOSITES}}
_SIGNS = ((ast.Add, ast.Sub), (ast.Sub, ast.Add), (ast.Mult, ast.Add), (ast.Div, ast.Mult), (ast.FloorDiv, ast.Mult))
_JOINED: dict[type[ast.operator], type[ast.operator]] = {**dict(_SIGNS), ast.Mod: ast.Mult, ast.Pow: ast.Mult}
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
_DROPPED = (ast.AugAssign, ast.Raise, ast.Continue, ast.Break)
_MOST_SECONDS_OF_A_TEST, _SECONDS_OF_OTHERS = 20.0, 10.0
_KILLED, _UNTRIED = 1, 2


@dataclass
class Change:
    """A field of a node, or a member of a list of nodes, and what takes its place."""

    place: Any
    at: str | int
    new: Any
    line: int
    says: str

    def make(self) -> None:
        """Change the tree."""
        if isinstance(self.place, list):
            self.place[int(self.at)] = self.new
        else:
            setattr(self.place, str(self.at), self.new)


def changes(node: ast.AST) -> Iterator[Change]:
    """List the changes of a module. Annotations and decorators are left out: they say little of what is computed."""
    yield from _of_node(node, getattr(node, "lineno", 0))
    for name, value in ast.iter_fields(node):
        if name not in {"annotation", "returns", "decorator_list"}:
            for each in value if isinstance(value, list) else [value]:
                if isinstance(each, ast.AST):
                    yield from changes(each)


def _of_node(node: ast.AST, line: int) -> Iterator[Change]:
    if isinstance(node, ast.Compare):
        for at, one in enumerate(node.ops):
            opposite = _COMPARED[type(one)]
            yield Change(node.ops, at, opposite(), line, f"{type(one).__name__} -> {opposite.__name__}")
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield Change(node, "op", other, line, f"{type(node.op).__name__} -> {type(other).__name__}")
    elif isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in _JOINED and not _of_words(node):
        to = _JOINED[type(node.op)]
        yield Change(node, "op", to(), line, f"{type(node.op).__name__} -> {to.__name__}")
    elif isinstance(node, ast.Name) and node.id in _NAMES:
        yield Change(node, "id", _NAMES[node.id], line, f"{node.id} -> {_NAMES[node.id]}")
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        new = not node.value if isinstance(node.value, bool) else node.value + 1
        yield Change(node, "value", new, line, f"{node.value} -> {new}")
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield Change(node, "op", ast.UAdd(), line, "-x -> x")
    for name, value in ast.iter_fields(node):
        if name == "test" and not isinstance(node, ast.Assert):
            yield Change(node, name, ast.UnaryOp(ast.Not(), value), line, f"not: {ast.unparse(value)[:60]}")
        elif name == "ifs":
            for at, one in enumerate(value):
                yield Change(value, at, ast.Constant(True), one.lineno, f"no filter: {ast.unparse(one)[:60]}")
        elif name in {"body", "orelse", "finalbody"} and isinstance(value, list):
            for at, one in enumerate(value):
                if isinstance(one, _DROPPED) or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Call)):
                    yield Change(value, at, ast.Pass(), one.lineno, f"gone: {ast.unparse(one)[:60]}")


def _of_words(node: ast.AST) -> bool:
    return any(isinstance(each, (ast.JoinedStr, ast.Tuple, ast.List, ast.Set)) for each in ast.iter_child_nodes(node))


class _Module:
    """A module that is imported, its source, and the functions that were made of it."""

    def __init__(self, name: str) -> None:
        self.module = importlib.import_module(name)
        self.path = Path(str(self.module.__file__))
        self.tree = ast.parse(self.path.read_text(encoding="utf-8"))
        self._around = [node for node in ast.walk(self.tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))]

    def around(self, line: int) -> ast.FunctionDef | ast.ClassDef | None:
        """Return the innermost function or class around a line."""
        found = [node for node in self._around if node.lineno <= line <= (node.end_lineno or 0)]
        return max(found, key=lambda node: node.lineno, default=None)

    def become(self, change: Change) -> bool:
        """Take a change over into what is imported; return whether that could be done."""
        change.make()
        whole = compile(ast.fix_missing_locations(self.tree), str(self.path), "exec")
        codes = {(code.co_qualname, code.co_firstlineno): code for code in _codes(whole)}
        changed = False
        for one in [each for each in gc.get_objects() if isinstance(each, FunctionType)]:
            new = codes.get((one.__code__.co_qualname, one.__code__.co_firstlineno))
            if one.__globals__ is vars(self.module) and new is not None and new != one.__code__:
                one.__code__ = new
                changed = True
        if changed or self.around(change.line):
            return changed
        space = {"__name__": self.module.__name__, "__file__": str(self.path)}
        exec(whole, space)
        vars(self.module).update({name: value for name, value in space.items() if not callable(value)})
        return True


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each)


def _child(work: Callable[[], int], place: Path) -> int:
    """Start a copy of this process that works in silence and ends with what the work gives."""
    pid = os.fork()
    if pid:
        return pid
    code = _KILLED
    try:
        os.setpgid(0, 0)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        os.environ["PYTEST_DEBUG_TEMPROOT"] = str(place)
        code = work()
    finally:
        os._exit(code)


def _ended(work: Callable[[], int], seconds: float) -> int | None:
    """Work in a copy; return how it ended, None where it takes too long."""
    place = Path(tempfile.mkdtemp())
    pid, until = _child(work, place), time.monotonic() + seconds
    try:
        while time.monotonic() < until:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return None
    finally:
        shutil.rmtree(place, ignore_errors=True)


class _Changes:
    """Runs, in the place of the tests, the changes of a module."""

    def __init__(self, module: str, every: int, at_once: int) -> None:
        self._name, self._every, self._at_once = module, every, at_once

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Print the changes that no test sees, and how many there are of each outcome."""
        self._module = _Module(self._name)
        reached, start = self._reached(session), time.monotonic()
        todo = list(changes(self._module.tree))[:: self._every]
        counts = Counter[str]()
        with ThreadPoolExecutor(self._at_once) as together:
            outcomes = together.map(lambda change: self._outcome(session, reached, change), todo)
            for change, found in zip(todo, outcomes, strict=True):
                counts[found] += 1
                if found not in {"killed", "not tried"}:
                    print(f"{self._module.path.name}:{change.line}: {found}: {change.says}", flush=True)
        print(self._name, dict(counts), f"{time.monotonic() - start:.0f} s", flush=True)
        return True

    def _reached(self, session: pytest.Session) -> dict[pytest.Item, set[int]]:
        """Run the tests; return which lines each reaches, the quickest first. One that takes too long is left out."""
        path, place, now = str(self._module.path), Path(tempfile.mkdtemp()) / "reached", set[int]()

        def stepped(frame: FrameType, event: str, argument: object) -> Any:
            now.add(frame.f_lineno)
            return stepped

        def called(frame: FrameType, event: str, argument: object) -> Any:
            return stepped(frame, event, argument) if frame.f_code.co_filename == path else None

        def trace() -> int:
            signal.signal(signal.SIGALRM, lambda *_: pytest.skip("too long"))
            found = []
            for at, item in enumerate(session.items):
                now.clear()
                start = time.monotonic()
                signal.setitimer(signal.ITIMER_REAL, _MOST_SECONDS_OF_A_TEST)
                sys.settrace(called)
                _run([item], session.items[at + 1 : at + 2])
                sys.settrace(None)
                signal.setitimer(signal.ITIMER_REAL, 0)
                seconds = time.monotonic() - start
                if now and seconds < _MOST_SECONDS_OF_A_TEST:
                    found.append((seconds, at, sorted(now)))
            place.write_text(repr(sorted(found)))
            return int(bool(session.testsfailed))

        code = _ended(trace, 3600)
        if code:
            raise SystemExit("the tests fail")
        found = ast.literal_eval(place.read_text())
        shutil.rmtree(place.parent)
        self._most = 20 + 2 * sum(seconds for seconds, _, _ in found)
        spent = accumulate(seconds for seconds, _, _ in found)
        self._quick = [
            session.items[at] for (_, at, _), so_far in zip(found, spent, strict=True) if so_far < _SECONDS_OF_OTHERS
        ]
        print(
            f"{len(found)} of {len(session.items)} tests reach the module; a change has {self._most:.0f} s", flush=True
        )
        return {session.items[at]: set(lines) for _, at, lines in found}

    def _outcome(self, session: pytest.Session, reached: dict[pytest.Item, set[int]], change: Change) -> str:
        around = self._module.around(change.line)
        of_line = [item for item, lines in reached.items() if change.line in lines]
        if isinstance(around, ast.FunctionDef) and not of_line:
            # Where a line only goes on with another's, the function around it is what is noted.
            of_line = [
                item for item, lines in reached.items() if lines & set(range(around.lineno, around.body[0].lineno + 1))
            ]
            if not of_line:
                return "not reached"

        def run() -> int:
            if not self._module.become(change):
                return _UNTRIED
            # What a fixture or a cache did for the first test alone, others see too.
            _run([*of_line, *(item for item in self._quick if item not in of_line)], [], session)
            return _KILLED if session.testsfailed else 0

        return {0: "survived", _UNTRIED: "not tried", None: "too long"}.get(_ended(run, self._most), "killed")


def _run(items: Sequence[pytest.Item], after: Sequence[pytest.Item], session: pytest.Session | None = None) -> None:
    """Run tests, until one fails where their session is given."""
    for item, following in zip_longest(items, [*items[1:], *after]):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session is not None and session.testsfailed:
            break


def main(module: str, every: int, at_once: int, tests: Sequence[str]) -> None:
    """Collect the tests and try the changes of a module."""
    options = ["-q", "-s", "-p", "no:cacheprovider", "-p", "no:nbmake", "-m", "not long", *tests]
    pytest.main(options, plugins=[_Changes(module, every, at_once)])


if __name__ == "__main__":
    _module, _every, _at_once, *_tests = sys.argv[1:]
    main(_module, int(_every), int(_at_once), _tests)
