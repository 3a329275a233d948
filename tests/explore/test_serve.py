from __future__ import annotations

import json
import logging
import os
import signal
import socket
import webbrowser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from tornado.websocket import WebSocketClosedError

from vpresearch import cli
from vpresearch.core.errors import InputError
from vpresearch.core.paths import NOTEBOOKS
from vpresearch.explore import serve


def test_each_server_has_a_folder_and_a_token_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "JUPYTER_CONFIG_DIR",
        "JUPYTER_CONFIG_PATH",
        "JUPYTER_DATA_DIR",
        "JUPYTER_RUNTIME_DIR",
        "JUPYTER_PATH",
    ):
        monkeypatch.setenv(name, "elsewhere")
    for name in ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR", "JUPYTER_PLATFORM_DIRS"):
        monkeypatch.setenv(name, "elsewhere")
    with serve._apart() as (folder, token), serve._apart() as (other, another):
        assert folder != other
        assert token != another
        assert len(token) >= 32
        assert Path(os.environ["JUPYTER_CONFIG_DIR"]) == other
        if os.name == "posix":
            assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()


def test_the_token_is_logged_nowhere(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    # Put back afterwards.
    monkeypatch.setattr(logging, "_logRecordFactory", logging.getLogRecordFactory())
    with serve._apart() as (_, token):
        # One that no server of another test has silenced.
        log = logging.getLogger("of_this_test_alone")
        log.warning("404 GET %s", f"/nothing?token={token}")
        log.warning("5 % of nothing")
    assert caplog.messages == ["404 GET /nothing?token=[token]", "5 % of nothing"]


def test_the_address_reaches_the_browser_by_a_file_and_not_by_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    serve._announce("http://here/?token=secret", tmp_path, "es", browser=True)
    assert capsys.readouterr().out == "http://here/?token=secret\nCtrl-C lo cierra.\n"
    assert len(opened) == 1
    assert "secret" not in opened[0]
    assert "secret" in (tmp_path / "open.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["explore", "app"])
def test_the_commands_serve_on_the_port_that_is_asked_for(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, bool, str]] = []
    monkeypatch.setattr(serve, "serve_lab", lambda port, _, *, browser: asked.append((port, browser, "lab")))
    monkeypatch.setattr(serve, "serve_app", lambda port, _, *, browser, panel: asked.append((port, browser, panel)))
    assert cli.main([command, "--port", "4000", "--no-browser"]) == 0
    assert asked == [(4000, False, "lab" if command == "explore" else "")]


def test_a_port_that_is_taken_is_passed_over_and_one_that_is_forbidden_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind((serve._LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert port < serve._free(port) < port + serve._PORTS
        monkeypatch.setattr(serve, "_PORTS", 1)
        with pytest.raises(InputError) as none:
            serve._free(port)

    def forbid(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(socket.socket, "bind", forbid)
    with pytest.raises(InputError) as forbidden:
        serve._free(80)
    assert [problem.code for caught in (none, forbidden) for problem in caught.value.problems] == [
        "no_free_port",
        "no_port",
    ]


def test_directories_are_saved_as_they_are() -> None:
    model: dict[str, Any] = {"type": "directory", "content": []}
    serve.strip_outputs(model, "notebooks")
    assert model == {"type": "directory", "content": []}


def run(path: Path) -> dict[str, Any]:
    """A notebook as it is saved after a run on some machine."""
    content = json.loads(path.read_text(encoding="utf-8"))
    content["metadata"] |= {"widgets": {"state": 1}, "language_info": {"name": "python", "version": "3.99"}}
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"execution_count": 1, "outputs": [{"output_type": "stream", "name": "stdout", "text": "Zubiri"}]}
    return {"type": "notebook", "content": content}


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_projects_notebooks_are_saved_as_they_were_before_they_ran(path: Path) -> None:
    model = run(path)
    serve.strip_outputs(model, f"notebooks/{path.name}")
    assert model["content"] == json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", ["homework.ipynb", "notebooks/homework.ipynb", "class/notebooks/01_cohort.ipynb"])
def test_a_students_notebook_keeps_what_it_says(path: str) -> None:
    model = run(NOTEBOOKS / "01_cohort.ipynb")
    before = json.dumps(model)
    serve.strip_outputs(model, path)
    assert json.dumps(model) == before


# -- the notebook ------------------------------------------------------------------------------------------------


def test_the_notebook_is_prose_and_calls() -> None:
    notebook = nbformat.read(NOTEBOOKS / "explore.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    parameters, *calls = code
    assert parameters.metadata.tags == ["parameters"]
    assert [name.split(" = ")[0] for name in parameters.source.splitlines()] == ["data", "language"]
    assert [cell.source for cell in calls] == ["from vpresearch.explore import explorer", "explorer(data, language)"]


def test_the_page_leaves_out_how_to_run_cells() -> None:
    content = json.loads((NOTEBOOKS / "explore.ipynb").read_text(encoding="utf-8"))
    tagged = [cell for cell in content["cells"] if "jupyterlab" in cell["metadata"].get("tags", [])]
    assert ["Run" in "".join(cell["source"]) for cell in tagged] == [True]


def test_who_ends_the_page_hears_no_complaint(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        with pytest.raises(KeyboardInterrupt):
            serve._end_quietly(signal.SIGINT, None)
        logging.getLogger("tornado.application").critical("Traceback")
    finally:
        logging.disable(logging.NOTSET)
    assert capsys.readouterr() == ("", "")


def test_the_laboratory_ends_as_quietly_as_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyterlab.labapp import LabApp

    ended_by: list[object] = []

    class Server:
        port = 8888
        io_loop = SimpleNamespace(call_later=lambda *_: None)

        def start(self) -> None:
            ended_by.extend(map(signal.getsignal, (signal.SIGINT, signal.SIGTERM)))

    monkeypatch.setattr(LabApp, "initialize_server", lambda argv: Server())
    monkeypatch.setattr(logging, "_logRecordFactory", logging.getLogRecordFactory())
    before = [(each, signal.getsignal(each)) for each in (signal.SIGINT, signal.SIGTERM)]
    try:
        serve.serve_lab(8888, "en", browser=False)
    finally:
        for each, handler in before:
            signal.signal(each, handler)
    assert ended_by == [serve._end_quietly] * 2


@pytest.mark.parametrize(("kind", "news"), [(WebSocketClosedError, False), (ValueError, True)])
def test_a_page_closed_while_it_is_written_to_is_no_news(kind: type[Exception], news: bool) -> None:
    failed = (kind, kind(), None)
    record = logging.LogRecord("asyncio", logging.ERROR, "", 0, "Task exception was never retrieved", (), failed)
    assert serve.is_news(record) is news
    assert serve.is_news(logging.LogRecord("asyncio", logging.ERROR, "", 0, "", (), None))
