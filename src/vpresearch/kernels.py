"""Kernels that keep their own words to themselves."""

from __future__ import annotations

import subprocess
from typing import Any

from jupyter_client.manager import AsyncKernelManager


class QuietKernelManager(AsyncKernelManager):
    """Starts kernels whose complaints reach no terminal.

    What a cell says is in the notebook; beyond it a kernel writes only of its own end, or a traceback that may quote
    a patient's row.
    """

    async def start_kernel(self, **arguments: Any) -> None:  # type: ignore[override]
        """Start the kernel without an error stream.

        Parameters
        ----------
        **arguments : object
            As of ``jupyter_client``.
        """
        await super().start_kernel(**arguments, stderr=subprocess.DEVNULL)
