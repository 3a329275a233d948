"""Kernels of the servers, which keep their own words to themselves."""

from __future__ import annotations

from jupyter_server.services.kernels.kernelmanager import ServerKernelManager

from vpresearch.kernels import QuietKernelManager


class QuietServerKernelManager(QuietKernelManager, ServerKernelManager):
    """Starts a server's kernels whose complaints reach no terminal."""
