"""Processes that begin as forks of one that has loaded what all need: most of a short command is its start."""

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.forkserver import ensure_running
from unittest.mock import patch

from secrecy import tells

from bulk.cli import main

APIS = ("luminous", "commercetools")
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    [
        *("crashes", __name__, "bulk.cli.screen"),
        *("bulk.jobs.export.exporter", "bulk.jobs.importer", "bulk.sandbox.server"),
        *(f"bulk.connectors.{api}.sandbox" for api in APIS),
    ]
)


def start(target, *arguments):
    """Start a process that calls `target`."""
    with patch.dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, sys.path))):  # else it would not find us
        ensure_running()
    process = PROCESSES.Process(target=target, args=arguments, daemon=True)
    process.start()
    return process


class Fork:
    """`bulk` in a process of its own from its first line on, by the names of `subprocess.Popen`."""

    def __init__(self, arguments, *, folder, environment, stdin=None):
        (stdout, printed), (stderr, said) = (PROCESSES.Pipe(duplex=False) for _ in range(2))
        given = [] if stdin is None else [(0, Connection(os.dup(stdin), writable=False))]
        files = [*given, (1, printed), (2, said)]
        self._process = start(_become, arguments, folder, environment, files)
        self.pid = self._process.pid
        self.stdout, self.stderr = (os.fdopen(os.dup(one.fileno()), encoding="utf-8") for one in (stdout, stderr))
        for one in (stdout, stderr, *(file for _, file in files)):
            one.close()

    @property
    def returncode(self):
        return self._process.exitcode

    poll = returncode.fget

    def wait(self, timeout=None):
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("bulk", timeout)
        return self.returncode

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self):
        self._process.terminate()

    def kill(self):
        self._process.kill()

    def communicate(self, timeout=None):
        """All that it has still to say on stdout and on stderr, once it has ended."""
        streams = self.stdout, self.stderr
        with ThreadPoolExecutor(len(streams)) as threads:
            said = list(threads.map(lambda stream: stream and stream.read(), streams))
        for stream in filter(None, streams):
            stream.close()
        self.wait(timeout)
        assert not tells("".join(filter(None, said)))
        return said


def _become(arguments, folder, environment, files):
    for number, file in files:
        os.dup2(file.fileno(), number)
        file.close()
    sys.stdin, sys.stdout, sys.stderr = (
        open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115  # for as long as the process lasts
        for number, mode in enumerate(("r", "w", "w"))
    )
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["bulk", *arguments]
    main()
