"""Kernels: started anew, or forked from a process that has imported already what notebooks import."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from multiprocessing import get_context, reduction
from multiprocessing.connection import Connection, Pipe
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from vpresearch.parallel import forks

# What the notebooks import, and what ipykernel imports when it starts.
_IMPORTED = (
    "vpresearch.figures",
    "vpresearch.report",
    "vpresearch.tables",
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "pingouin",
)
# What kernels of pages import beside what their page does.
_NURSED = ("ipykernel.debugger", "ipykernel.kernelapp", "matplotlib")
_POLL = 0.005


class QuietKernelManager(AsyncKernelManager):
    """Starts kernels whose complaints reach no terminal.

    What a cell says is in the notebook; beyond it a kernel writes only of its own end, or a traceback that may quote
    a patient's row.
    """

    async def start_kernel(self, **arguments: Any) -> None:  # type: ignore[override]
        """Start the kernel without an error stream."""
        await super().start_kernel(**arguments, stderr=subprocess.DEVNULL)


def warm_copies() -> forks.Copies | None:
    """Import what notebooks and reports import, and give copies of this process to run them in."""
    if not forks.possible():
        return None
    # A kernel loads its debugger, which complains on the terminal of a Python whose own modules it cannot step through.
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    for module in _IMPORTED:
        import_module(module)
    # What the copies share would become their own when the collector looks at it.
    gc.freeze()
    # One more than there are cores: now and then one waits for what another computes.
    return forks.Copies(len(os.sched_getaffinity(0)) + 1) if forks.possible() else None


class ForkedKernel:
    """A copy of this process that becomes a kernel once it is told its connection.

    It is made before this process has a thread or an event loop, of which a copy would be broken.
    """

    def __init__(self) -> None:
        self.connection, there = Pipe()
        get_context("fork").Process(target=_become_kernel, args=(there,)).start()
        there.close()


class Nursery:
    """A process that imports and reads what kernels need, and of which each kernel is a copy.

    It is made before this process has a thread or an event loop, and ends with it.
    """

    def __init__(self, prepare: Callable[[], object]) -> None:
        self._pipe, there = Pipe()
        process = get_context("fork").Process(target=_nurse, args=(self._pipe, there, prepare))
        process.start()
        there.close()
        self._pid = process.pid or 0

    def kernel(self) -> Connection:
        """Ask for a copy; it is told by the connection what it is to be."""
        here, there = Pipe()
        reduction.send_handle(self._pipe, there.fileno(), self._pid)
        there.close()
        return here

    def close(self) -> None:
        """End the process, and every kernel with it."""
        self._pipe.close()


def _nurse(asking: Connection, pipe: Connection, prepare: Callable[[], object]) -> None:
    # A copy of the other end, which would hide that it was closed.
    asking.close()
    forks.end_with_parent(signal.SIGKILL)
    # Ctrl-C is for the server, which ends this; and nothing said here is for the terminal.
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    for module in _NURSED:
        import_module(module)
    prepare()
    gc.freeze()
    # Whoever ended is not waited for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        try:
            kernel = Connection(reduction.recv_handle(pipe))
        except (EOFError, OSError):
            # At once, and kernels with it: to leave by the door is to wait for them.
            os._exit(0)
        get_context("fork").Process(target=_leave_the_nursery, args=(pipe, kernel)).start()
        kernel.close()


def _leave_the_nursery(pipe: Connection, connection: Connection) -> None:
    pipe.close()
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _become_kernel(connection)


class ForkedProvisioner(KernelProvisionerBase):
    """Gives ``jupyter_client`` a kernel that was forked.

    The kernel chooses its own ports and tells them; whoever chose them for it would have to let go of them first, and
    a neighbour could take them.
    """

    connection: Connection
    _pid = 0

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel."""
        return bool(self._pid)

    async def poll(self) -> int | None:
        """Return None while the kernel runs: it says nothing more until its end closes the connection."""
        return 0 if not self._pid or self.connection.poll() else None

    async def wait(self) -> int | None:
        """Wait for the end of the kernel."""
        while (code := await self.poll()) is None:
            await asyncio.sleep(_POLL)
        self._pid = 0
        return code

    async def send_signal(self, signum: int) -> None:
        """Send the kernel a signal."""
        if await self.poll() is None:
            os.kill(self._pid, signum)

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """Ask the kernel to end."""
        await self.send_signal(signal.SIGTERM)

    async def cleanup(self, restart: bool = False) -> None:
        """Do nothing: there is nothing beside the kernel."""

    async def pre_launch(self, **arguments: Any) -> dict[str, Any]:
        """Complete the kernel's environment; its command is one that needs no program."""
        return await super().pre_launch(cmd=arguments.pop("extra_arguments", []), **arguments)

    async def launch_kernel(self, cmd: list[str], **arguments: Any) -> KernelConnectionInfo:
        """Tell the copy what it is to be."""
        manager: Any = self.parent
        info: KernelConnectionInfo = manager.get_connection_info()
        # Plain text alone: names of a server's own kind would have the copy import the server.
        environment = {str.__str__(name): str.__str__(value) for name, value in arguments["env"].items()}
        self.connection.send((cmd, environment, arguments.get("cwd") or os.getcwd(), info))
        while not self.connection.poll():
            await asyncio.sleep(_POLL)
        try:
            self._pid, ports = self.connection.recv()
        except EOFError:
            raise RuntimeError("the kernel died at its start") from None
        info.update(ports)
        return info


def provisioner_of(manager: Any, connection: Connection) -> ForkedProvisioner:
    """Return what gives a kernel manager the copy at the other end of a connection."""
    provisioner = ForkedProvisioner(kernel_spec=manager.kernel_spec, parent=manager)
    provisioner.connection = connection
    return provisioner


def manager_of(kernel: ForkedKernel) -> type[AsyncKernelManager]:
    """Return the class of a kernel manager whose kernel is a given one."""

    class ForkedKernelManager(AsyncKernelManager):
        def __init__(self, **arguments: Any) -> None:
            super().__init__(**arguments)
            self.provisioner = provisioner_of(self, kernel.connection)

    return ForkedKernelManager


def _become_kernel(connection: Connection) -> None:
    forks.end_with_parent(signal.SIGKILL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    arguments, environment, folder, info = connection.recv()
    _be_fresh(arguments, environment, folder)
    from ipykernel.kernelapp import IPKernelApp

    class Kernel(IPKernelApp):
        """The connection comes and goes by a pipe instead of a file."""

        def init_connection_file(self) -> None:
            self.load_connection_info(info)

        def write_connection_file(self, **_: Any) -> None:
            kinds = ("shell", "iopub", "stdin", "hb", "control")
            connection.send((os.getpid(), {f"{kind}_port": getattr(self, f"{kind}_port") for kind in kinds}))

    kernel: Any = Kernel.instance()
    kernel.initialize(arguments)
    # As matplotlib does when a kernel imports it.
    import_module("matplotlib").rcParams["backend"] = os.environ["MPLBACKEND"]
    kernel.start()


def _be_fresh(arguments: list[str], environment: dict[str, str], folder: str) -> None:
    """Take off what this copy has of its program, and would not have if it had been started."""
    import numpy as np

    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["ipykernel_launcher", *arguments]
    if not sys.flags.safe_path:
        del sys.path[0]
    random.seed()
    # Else every notebook would draw the same.
    np.random.seed()
