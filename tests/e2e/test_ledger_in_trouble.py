"""A ledger that cannot be written, and one that several programs share: a clear word, and nothing that is not recorded."""

import resource
import signal
import sqlite3
import subprocess
import time
from contextlib import closing

import pytest

ROWS = 200
READS = 5
"""How often somebody looks while others write."""


def written(shell, rows):
    """A catalog of so many products."""
    path = shell.folder / "catalog.csv"
    path.write_text("sku,name\n" + "".join(f"P-{number:04},Product {number}\n" for number in range(rows)))
    return path


@pytest.fixture
def catalog(shell):
    return written(shell, ROWS)


def recorded(shell):
    """Keys of rows that the ledger says were sent, or may have been."""
    return {key for key, status in shell.entries() if status in {"in_flight", "unknown", "succeeded"}}


def test_a_full_disk_ends_the_run_with_78_and_nothing_was_sent_that_is_not_recorded(shell, look, server):
    """The limit on the size of a file stands in for a full disk; the ledger is past it long before the last row."""
    catalog = written(shell, 1_000)
    done = subprocess.run(
        [shell.program, "import", "luminous.products", catalog, "--concurrency", "16"],
        cwd=shell.folder, env=shell.environment, capture_output=True, text=True, timeout=60, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY)),  # nothing else runs yet
    )  # fmt: skip
    assert done.returncode == 78, done.stderr
    assert "the disk" in done.stderr
    assert "Traceback" not in done.stderr
    sent = set(server.ask("state")["luminous"]["products"])
    assert sent
    assert sent <= recorded(shell)
    document = look.json("import", "luminous.products", catalog)
    assert (document["continued"], document["rows"]["succeeded"]) == (True, 1_000)
    assert len(server.ask("state")["luminous"]["products"]) == 1_000


def read_only(path):
    """Say in its header that no program of today may write it: mode bits would not keep a superuser out."""
    content = bytearray(path.read_bytes())
    content[18] = 3
    path.write_bytes(content)


def damaged(path):
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def newer(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 99")


def another(path):
    path.write_bytes(b"sku,name\n007,James\n" * 100)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (read_only, "read-only"),
        (damaged, "is damaged"),
        (newer, "newer version of bulk"),
        (another, "is not a ledger"),
    ],
)
def test_a_ledger_that_cannot_be_used_is_exit_78_with_advice_and_nothing_is_sent(look, server, catalog, spoil, said):
    look("import", "luminous.products", catalog, "--limit", "3")
    server.reset()
    for file in look.folder.glob("ledger.db-*"):
        file.unlink()
    spoil(look.folder / "ledger.db")
    document = look.json("import", "luminous.products", catalog, exit_code=78)
    assert said in document["error"]["message"]
    assert document["error"]["advice"]
    assert server.ask("log")["requests"] == 0


def test_imports_to_two_targets_share_a_ledger_and_readers_disturb_neither(shell, look, serve, catalog):
    first = serve("--latency", "0.02")
    one = shell.fork("import", "luminous.products", catalog, "--json")
    second = serve("--latency", "0.02")
    two = shell.fork("import", "luminous.products", catalog, "--json")
    while second.ask("log")["requests"] < 1:  # it holds the lock then
        assert two.poll() is None, two.communicate()
        time.sleep(0.01)
    second.process.send_signal(signal.SIGSTOP)  # so that it goes on holding it, however long the next takes to start
    third = look("import", "luminous.products", catalog, exit_code=75)
    assert "is under way, held by process" in third.stderr
    reads = 0
    while reads < READS:
        assert two.poll() is None  # it is held up until there was enough to read
        for run in look.json("runs"):
            shown = run["rows"]
            # While the file is being checked, rows are not all there yet; what is there adds up.
            assert shown["read"] == sum(shown[name] for name in CLOSING)
            reads += len(look.json("rows", run["run"], "--status", "succeeded,unknown,not_tried")) > 0
    second.process.send_signal(signal.SIGCONT)
    for process in (one, two):
        process.communicate()
        assert process.returncode == 0
    for server in (first, second):
        assert len(server.ask("state")["luminous"]["products"]) == ROWS
        assert server.ask("log")["repeated"] == {}
    assert [run["rows"]["succeeded"] for run in look.json("runs")] == [ROWS, ROWS]


CLOSING = ("invalid", "succeeded", "unchanged", "failed", "unknown", "not_tried")


def test_ctrl_c_ends_a_retry_in_order_and_resume_goes_on(shell, look, serve, catalog):
    server = serve("--latency", "0.02", "--fault", f"409:{ROWS}x")
    failed = look.json("import", "luminous.products", catalog, "--concurrency", "64", exit_code=3)["rows"]["failed"]
    before = server.ask("log")["requests"]
    process = shell.fork("retry", "last", "--json")
    while server.ask("log")["requests"] < before + 2:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert look.json("resume", "last")["rows"]["succeeded"] == failed
    assert server.ask("log")["repeated"] == {}
