"""The two servers of the explorer: JupyterLab and a clean page, on this machine only and behind a token."""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import signal
import socket
import time
import warnings
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, ClassVar
from urllib.parse import urlencode

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager, ServerKernelManager
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError

from vpresearch.core.compendium import read_compendium
from vpresearch.core.errors import LANGUAGES, refused, say
from vpresearch.core.files import staging
from vpresearch.core.paths import BUILD, NOTEBOOKS, ROOT
from vpresearch.explore.page import warm
from vpresearch.parallel import forks
from vpresearch.render.labels import text
from vpresearch.run.kernels import Nursery, QuietKernelManager, provisioner_of

NOTEBOOK = NOTEBOOKS / "explore.ipynb"
_SETTINGS = Path(__file__).with_name("jupyter")
_LOOPBACK = socket.inet_ntoa(socket.INADDR_LOOPBACK.to_bytes(4, "big"))
_QUIET = "vpresearch.explore.serve.QuietServerKernelManager"
# Where a port is taken, so many more are tried.
_PORTS = 50
# How often kernels are looked after, and for how long one is kept without a page, in seconds: after its page has gone,
# and before it has come.
_LOOK, _GONE, _AWAITED = 1, 4.0, 120.0


def strip_outputs(model: dict[str, Any], path: str, **_: Any) -> None:
    """Take what a run left out of the project's own notebooks before they are saved: it may hold patients' rows.

    Nobody else's notebook is touched.
    """
    own = {NOTEBOOK, *(NOTEBOOKS / notebook.file for notebook in read_compendium().notebooks)}
    saved = ROOT / path.strip("/")
    if model["type"] != "notebook" or model.get("content") is None or saved not in own:
        return
    # With them go the versions of this machine.
    model["content"]["metadata"] = json.loads(saved.read_text(encoding="utf-8"))["metadata"]
    for cell in model["content"]["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None


def serve_lab(port: int, language: str, *, browser: bool) -> None:
    """Serve JupyterLab, open at the explorer, until it is interrupted."""
    port = _free(port)
    with _apart() as (folder, token):
        settings = {
            "ServerApp": {
                "ip": _LOOPBACK,
                "port": port,
                "open_browser": False,
                "answer_yes": True,
                "root_dir": str(ROOT),
                # In a container everybody is root.
                "allow_root": True,
                "jpserver_extensions": {"voila.server_extension": False},
            },
            "Application": {"log_level": "ERROR"},
            "IdentityProvider": {"token": token},
            "PasswordIdentityProvider": {"hashed_password": "", "password_required": False},
            "FileContentsManager": {"pre_save_hook": f"{__name__}.strip_outputs"},
            "MappingKernelManager": {"kernel_manager_class": _QUIET},
            "LabApp": {
                "news_url": None,
                "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
                "extension_manager": "readonly",
            },
        }
        (folder / "jupyter_server_config.json").write_text(json.dumps(settings), encoding="utf-8")
        # Only now: Jupyter looks at its folders when it is imported.
        from jupyterlab.labapp import LabApp

        server = LabApp.initialize_server(argv=[])
        path = f"lab/tree/{NOTEBOOK.relative_to(ROOT).as_posix()}"
        address = f"http://{_LOOPBACK}:{server.port}/{path}?token={token}"
        # It listens only once it runs.
        server.io_loop.call_later(0.5, lambda: _announce(address, folder, language, browser=browser))
        _end_on_signals()
        server.start()


def serve_app(port: int, language: str, *, browser: bool, panel: str = "") -> None:
    """Serve the explorer as a page without code, until it is interrupted; every visitor has a kernel alone."""
    port = _free(port)
    with _nursed(), _apart() as (folder, token):
        settings = {
            "VoilaConfiguration": {
                "template": "vpresearch",
                "extension_denylist": ["@voila-dashboards/jupyterlab-preview", "jupyterlab_pygments"],
                "file_allowlist": [],
                "file_denylist": [".*"],
                # The next visitor finds a page that is ready.
                "preheat_kernel": True,
                "default_pool_size": 2,
                "multi_kernel_manager_class": f"{__name__}.Kernels",
            },
            # The first only switches it on: what is kept, and for how long, Kernels decides.
            "MappingKernelManager": {
                "kernel_manager_class": _QUIET,
                "cull_idle_timeout": _LOOK,
                "cull_interval": _LOOK,
            },
            # Many visitors at once keep the server busy for longer than the 4 s after which it gives up what a cell has
            # shown, and with it the page.
            "VoilaExecutor": {"iopub_timeout": 60},
            # How to run cells is of no use where there are none.
            "TagRemovePreprocessor": {"enabled": True, "remove_cell_tags": ["jupyterlab"]},
        }
        (folder / "voila.json").write_text(json.dumps(settings), encoding="utf-8")
        from voila.app import Voila, VoilaShutdownKernelHandler

        class Heard(VoilaShutdownKernelHandler):  # type: ignore[misc,unused-ignore]
            """A page says that it goes: it cannot prove who it is, and need not, for its kernel ends without."""

            def check_xsrf_cookie(self) -> None:
                pass

            async def post(self, _: str) -> None:
                self.set_status(204)

        class App(Voila):  # type: ignore[misc,unused-ignore]
            def init_handlers(self) -> list[Any]:
                handlers = super().init_handlers()
                return [
                    (path, Heard if kind is VoilaShutdownKernelHandler else kind, *more)
                    for path, kind, *more in handlers
                ]

            def launch_browser(self) -> None:
                # The page begins in the first of the languages.
                asked = {"panel": panel} if panel else {}
                asked |= {"language": language} if language != LANGUAGES[0] else {}
                spoken = f"#{urlencode(asked)}" if asked else ""
                _announce(f"http://{_LOOPBACK}:{self.port}/?token={token}{spoken}", folder, language, browser=browser)

        app = App.instance(config_file_paths=[str(folder)])
        app.initialize([str(NOTEBOOK)])
        # Set last and by hand: nothing that was read from a file opens the page to others.
        app.ip, app.port, app.token, app.open_browser, app.log_level = _LOOPBACK, port, token, True, "ERROR"
        # Whoever is turned away is named with the address asked for, in which a token may stand.
        for name in ("tornado.access", "tornado.general"):
            logging.getLogger(name).setLevel(logging.ERROR)
        logging.getLogger("asyncio").addFilter(is_news)
        # Voila answers whatever name it is called by; a page elsewhere could lend its own to this address.
        # On one machine the end of a page is heard without asking. The answer to the first question is awaited from the
        # page's opening on, for no longer than until it is asked: each page would be cut off then, with what it said.
        app.tornado_settings = {"allow_remote_access": False, "ws_ping_interval": 0}
        _end_on_signals()
        app.start()


def is_news(record: logging.LogRecord) -> bool:
    """Whether a failed task is worth a line: a page that was closed while it was written to is not."""
    kind = record.exc_info[0] if record.exc_info else None
    return kind is None or not issubclass(kind, WebSocketClosedError)


@contextmanager
def _nursed() -> Iterator[None]:
    """Copy kernels from a process that has imported and read all, where there can be copies."""
    if not forks.possible():
        yield
        return
    nursery = QuietServerKernelManager.nursery = Nursery(warm)
    try:
        yield
    finally:
        nursery.close()
        QuietServerKernelManager.nursery = None


def _free(first: int) -> int:
    """Find a port that is free, from one on: of none, the server would tell in words of its own."""
    for port in range(first, min(first + _PORTS, 65536)):
        with socket.socket() as tried:
            # As the server does it: the port of one that has just ended is free.
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, os.name == "posix")
            try:
                tried.bind((_LOOPBACK, port))
            except PermissionError:
                raise refused("vpresearch", "no_port", port=port) from None
            except OSError:
                continue
            return port
    raise refused("vpresearch", "no_free_port", port=first)


def _end_on_signals() -> None:
    """Take the ends that others ask for from the server, which would tell of them in words of its own."""
    for received in (signal.SIGINT, signal.SIGTERM):
        signal.signal(received, _end_quietly)


def _end_quietly(received: int, frame: FrameType | None) -> None:
    """End the server, and let no page or kernel that is cut short by that complain of it."""
    logging.disable()
    signal.default_int_handler(received, frame)


def _announce(url: str, folder: Path, language: str, *, browser: bool) -> None:
    say(f"{url}\n{text('console.serving', language)}")
    if browser:
        # By a file that only its owner reads: what a browser is started with, everybody on the machine can see.
        page = folder / "open.html"
        page.write_text(f'<meta http-equiv="refresh" content="0; url={url}">', encoding="utf-8")
        with suppress(webbrowser.Error):
            webbrowser.open(page.as_uri())


@contextmanager
def _apart() -> Iterator[tuple[Path, str]]:
    """Return a folder and a token of this server alone: nobody's Jupyter settings count, and none are changed."""
    with staging(BUILD) as folder:
        shutil.copytree(_SETTINGS / "labconfig", folder / "labconfig")
        places = {
            "JUPYTER_CONFIG_DIR": folder,
            "JUPYTER_CONFIG_PATH": folder,
            "JUPYTER_DATA_DIR": folder / "data",
            "JUPYTER_RUNTIME_DIR": folder / "runtime",
            "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
            "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
            "JUPYTER_PATH": _SETTINGS,
        }
        os.environ |= {name: str(place) for name, place in places.items()}
        os.environ["JUPYTER_PLATFORM_DIRS"] = "1"
        # What Jupyter's parts say of one another is nothing to whoever explores.
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        token = secrets.token_urlsafe(24)
        _say_nowhere(token)
        yield folder, token


def _say_nowhere(token: str) -> None:
    """Leave the token out of whatever is logged: a page that is not found is told with its whole address."""
    make = logging.getLogRecordFactory()

    def made(*arguments: Any, **more: Any) -> logging.LogRecord:
        record = make(*arguments, **more)
        if token in (message := record.getMessage()):
            record.msg, record.args = message.replace(token, "[token]"), ()
        return record

    logging.setLogRecordFactory(made)


class QuietServerKernelManager(QuietKernelManager, ServerKernelManager):
    """Starts a server's kernels whose complaints reach no terminal."""

    nursery: ClassVar[Nursery | None] = None

    async def start_kernel(self, **arguments: Any) -> None:  # type: ignore[override]
        """Start the kernel, as a copy of what has imported all where there is such."""
        if self.nursery is not None:
            self.provisioner = provisioner_of(self, self.nursery.kernel())
        await super().start_kernel(**arguments)


class Kernels(AsyncMappingKernelManager):  # type: ignore[misc,unused-ignore]
    """The kernels of pages: each ends soon after its page was closed, reloaded or left, whatever the browser says."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)  # type: ignore[no-untyped-call]
        self._alone: dict[str, float] = {}
        self._met: set[str] = set()

    def notify_connect(self, kernel_id: str) -> None:
        """Remember that a page has come."""
        super().notify_connect(kernel_id)  # type: ignore[no-untyped-call]
        self._met.add(kernel_id)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel that has been without a page for long enough; Voilà asks of none that waits for a visitor."""
        if self._kernel_connections.get(kernel_id, 0):
            self._alone.pop(kernel_id, None)
            return
        now = time.monotonic()
        since = self._alone.setdefault(kernel_id, now)
        if now - since >= (_GONE if kernel_id in self._met else _AWAITED):
            await self.shutdown_kernel(kernel_id, now=True)

    async def _async_shutdown_kernel(self, kernel_id: str, *how: Any, **more: Any) -> None:
        # The end of its page and the end of the server may both ask for it.
        with suppress(HTTPError, KeyError):
            await super()._async_shutdown_kernel(kernel_id, *how, **more)  # type: ignore[no-untyped-call]

    shutdown_kernel = _async_shutdown_kernel  # type: ignore[assignment]

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel."""
        self._alone.pop(kernel_id, None)
        self._met.discard(kernel_id)
        return super().remove_kernel(kernel_id)
