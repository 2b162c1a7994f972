"""Processes as the system shows them, for tests that end them at a bad moment."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest


def children(of=None):
    """Worker processes of a process, this one by default."""
    if not Path("/proc/self/stat").exists():
        pytest.skip("nobody says here which processes another has started")
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            if parent == (of or os.getpid()) and b"bulk.worker" in stat.with_name("cmdline").read_bytes():
                found.append(int(stat.parent.name))
    return found


def several_send(positions, in_flight):
    """Whether rows at these positions were sent by more than one process: one alone sends them in their order."""
    return max(positions, default=0) - min(positions, default=0) - len(set(positions)) >= in_flight


def is_there(pid):
    """Whether a process is running, or at least has not been told of its end."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def kill(pid):
    """End a process as nobody can catch it."""
    os.kill(pid, signal.SIGKILL)
