"""The program as a user types it, in a process of its own or in this one, and sandboxes in processes of their own."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from forks import Fork
from secrecy import leaks, tells

from bulk.cli import main

BULK = str(Path(sys.executable).with_name("bulk"))
SAMPLES = Path(__file__).parents[1] / "samples"


class Watched(subprocess.Popen):
    """A process whose last words hold no credential."""

    def communicate(self, *arguments, **options):
        said = super().communicate(*arguments, **options)
        assert not tells("".join(filter(None, said)))
        return said


class Shell:
    """Runs `bulk` in a folder of its own, with an environment of its own."""

    program = BULK

    def __init__(self, folder, environment=None):
        self.folder = folder
        self.environment = environment or {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder),
            "BULK_LEDGER": str(folder / "ledger.db"),
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }

    def __call__(self, *arguments, exit_code=0, stdin=None):
        done = self.run(list(map(str, arguments)), stdin)
        assert done.returncode == exit_code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stdout + done.stderr
        assert not tells(done.stdout + done.stderr)
        return done

    def run(self, arguments, stdin=None):
        return subprocess.run(
            [BULK, *arguments],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def json(self, *arguments, exit_code=0, stdin=None):
        return json.loads(self(*arguments, "--json", exit_code=exit_code, stdin=stdin).stdout)

    def start(self, *arguments, stdin=None):
        return Watched(
            [BULK, *map(str, arguments)],
            cwd=self.folder,
            env=self.environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def fork(self, *arguments, stdin=None):
        """The same where not the start is the point, but what comes after it, such as a signal."""
        return Fork(list(map(str, arguments)), folder=self.folder, environment=self.environment, stdin=stdin)

    def begin_with(self, ledger):
        """Begin with a copy of a ledger that tells of earlier runs."""
        for file in ledger.parent.glob(f"{ledger.name}*"):
            shutil.copy(file, self.folder)

    def entries(self, name="ledger.db"):
        """Keys and statuses that a ledger holds, read as anybody could from outside."""
        if not (self.folder / name).exists():
            return set()
        connection = sqlite3.connect(f"file:{self.folder / name}?mode=ro", uri=True)
        try:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'entry'").fetchone() is None:
                return set()  # looked at before the ledger was made
            return set(connection.execute("SELECT key, status FROM entry"))
        finally:
            connection.close()


class InnerShell(Shell):
    """Runs `bulk` in this process, from its first line to its exit code: most of a short command is its start."""

    def run(self, arguments, stdin=None):
        with ExitStack() as opened:
            given, printed, said = (opened.enter_context(tempfile.TemporaryFile()) for _ in range(3))
            given.write((stdin or "").encode())
            given.seek(0)
            with _inside(self.folder, self.environment, ["bulk", *arguments], (given, printed, said)):
                with pytest.raises(SystemExit) as left:
                    main()
                sys.stdout.flush()
            for file in (printed, said):
                file.seek(0)
            return subprocess.CompletedProcess(
                arguments, left.value.code or 0, printed.read().decode(), said.read().decode()
            )


@contextmanager
def _inside(folder, environment, arguments, files):
    """Give this process the folder, environment, arguments and descriptors of another for a while."""
    streams, argv, surroundings, home = (sys.stdin, sys.stdout, sys.stderr), sys.argv, dict(os.environ), Path.cwd()
    descriptors = [os.dup(number) for number in range(3)]
    try:
        for number, file in enumerate(files):
            os.dup2(file.fileno(), number)
        os.chdir(folder)
        _surround(environment)
        sys.argv = arguments
        with open(0, encoding="utf-8", closefd=False) as sys.stdin:
            yield
    finally:
        (sys.stdin, sys.stdout, sys.stderr), sys.argv = streams, argv
        _surround(surroundings)
        os.chdir(home)
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)


def _surround(environment):
    os.environ.clear()
    os.environ.update(environment)


class Server:
    """A `bulk sandbox` in another process, seen from outside."""

    def __init__(self, shell, *arguments):
        self.shell = shell
        self.process = shell.fork("sandbox", "--port", 0, *arguments, "--json")
        document = ""
        while True:
            document += self.process.stdout.readline()
            try:
                self.environment = json.loads(document)["environment"]
                break
            except ValueError:
                assert self.process.poll() is None, self.process.stderr.read()
        shell.environment |= self.environment
        self.address = self.environment["LUMINOUS_BASE_URL"].removesuffix("/external/api/v1")

    def ask(self, what, content=None):
        assert self.process.poll() is None, f"the server is gone: {self.process.communicate()}"
        with urllib.request.urlopen(f"{self.address}/_sandbox/{what}", data=content) as answer:
            return json.load(answer)

    def reset(self):
        self.ask("reset", b"")

    def close(self):
        self.process.terminate()
        self.process.send_signal(signal.SIGCONT)  # a test that failed may have left it stopped
        self.process.communicate(timeout=30)
        assert leaks(self.shell.folder) == []


class Shop(Server):
    """A server that has the sample products, their variants and the sample channels.

    `loaded` is what was printed when the products came in; `ledger` knows of all of it.
    """

    def stock(self):
        """Bring back what a test has changed; costs next to nothing where none has."""
        if hasattr(self, "_stocked") and self.ask("state") == self._stocked:
            return
        self.reset()
        self.ledger = self.shell.folder / "ledger.db"
        for file in self.ledger.parent.glob(f"{self.ledger.name}*"):
            file.unlink()
        samples = SAMPLES / "luminous"
        self.loaded = self.shell.json("import", "luminous.products", samples / "products.csv")
        self.shell.json("import", "luminous.products", samples / "variants.csv")
        self.shell.json("import", "luminous.channels", samples / "channels.csv")
        self._stocked = self.ask("state")


@pytest.fixture
def serve(shell):
    """Starts sandboxes and points the shell to the latest."""
    servers = []

    def start(*arguments):
        servers.append(Server(shell, *arguments))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def _lasting(kind, *arguments):
    """One server for all tests: most of the time of a test would be the start of its own."""

    @pytest.fixture(scope="session")
    def lasting(tmp_path_factory):
        server = kind(InnerShell(tmp_path_factory.mktemp("server")), *arguments)
        yield server
        server.close()

    return lasting


def _emptied(lasting):
    """That server, empty, and the shell points to it."""

    @pytest.fixture
    def emptied(shell, request):
        server = request.getfixturevalue(lasting)
        server.reset()
        shell.environment |= server.environment
        return server

    return emptied


running, _slow, _shop = _lasting(Server), _lasting(Server, "--latency", "0.03"), _lasting(Shop)
server = _emptied("running")
slow = _emptied("_slow")
"""It takes its time, so that a run can be caught in the middle."""


@pytest.fixture
def shop(shell, _shop):
    """A server that has the samples, and a shell with the ledger that tells of it."""
    _shop.stock()
    shell.environment |= _shop.environment
    shell.begin_with(_shop.ledger)
    return _shop


@pytest.fixture(scope="session")
def _refused(running):
    running.reset()
    document = running.shell.json(
        "import", "luminous.products", SAMPLES / "luminous" / "products-with-faults.csv", exit_code=3
    )
    return document, running.shell.folder / "ledger.db"


@pytest.fixture
def refused(shell, server, _refused):
    """The run of the sample with faults: its document, and a shell whose ledger knows it and nothing else."""
    document, ledger = _refused
    shell.begin_with(ledger)
    return document


@pytest.fixture
def samples():
    return SAMPLES / "luminous"
