"""Ctrl-C, SIGTERM, and readers that go away: at any moment, the program ends in order or at once, and says so."""

import csv
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


@pytest.fixture
def fifo(tmp_path):
    """A pipe that nobody ever closes; the end to read from, as standard input."""
    os.mkfifo(tmp_path / "pipe")
    descriptor = os.open(tmp_path / "pipe", os.O_RDWR)
    os.write(descriptor, b"sku,name\nA,B\n")
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def copies(shell, tmp_path):
    """The folder where a source that must be copied is copied to."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    shell.environment |= {"TMPDIR": str(folder)}
    return folder


def wait_for(condition, process):
    while not condition():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


def insist(process, number=signal.SIGINT):
    """Press Ctrl-C, or send another signal, until it ends."""
    while process.poll() is None:
        process.send_signal(number)
        time.sleep(0.02)


@pytest.mark.parametrize(("number", "exit_code"), SIGNALS, ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("command", ["check", "import"])
def test_a_signal_while_standard_input_is_read_ends_at_once_and_leaves_no_copy(
    shell, fifo, copies, *, command, number, exit_code
):
    extra = ["--sandbox"] if command == "import" else []
    process = shell.fork(command, "luminous.products", "-", *extra, "--json", stdin=fifo)
    wait_for(lambda: list(copies.rglob("bulk-*/bulk-*")), process)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == exit_code, stderr
    document = json.loads(stdout)
    assert (document["exit_code"], document["error"]["type"]) == (exit_code, "Interrupted")
    assert list(copies.iterdir()) == []


def test_the_copy_of_standard_input_is_gone_after_a_check(shell, copies):
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as stream:
        stream.write(b"sku,name\nA,B\n")
    process = shell.fork("check", "luminous.products", "-", stdin=reading)
    os.close(reading)
    assert "no fault found" in process.communicate()[0]
    assert (process.returncode, list(copies.iterdir())) == (0, [])


def statuses(shell):
    """Statuses of the rows that the ledger holds."""
    return {status for _, status in shell.entries()}


def plain(shell):
    """A catalog of new products, which are looked up in one request before the first is written."""
    path = shell.folder / "plain.csv"
    path.write_text("sku,name\n" + "".join(f"P-{number},Product {number}\n" for number in range(100)))
    return path


def lookups(server):
    """Requests that were for no row in particular."""
    return sum(one["method"] == "GET" for one in server.ask("log")["latest"])


def test_ctrl_c_ends_with_130_and_the_same_run_continues(shell, look, slow, samples):
    process = shell.start("import", "luminous.products", samples / "products.csv", "--json")
    wait_for(lambda: slow.ask("log")["requests"] >= 10, process)
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    document = json.loads(stdout)
    assert (document["status"], document["reason"]) == ("interrupted", "ended by Ctrl-C")
    assert document["rows"]["not_tried"] > 0
    finished = look.json("resume", "last")
    assert (finished["rows"]["succeeded"], finished["run"]) == (200, document["run"])
    assert slow.ask("log")["repeated"] == {}


@pytest.mark.parametrize(
    ("number", "exit_code", "cause"),
    [(signal.SIGTERM, 143, "SIGTERM"), (signal.SIGHUP, 129, "the closing of the terminal")],
    ids=["SIGTERM", "SIGHUP"],
)
def test_sigterm_and_a_terminal_that_is_closed_end_in_order(shell, look, slow, samples, *, number, exit_code, cause):
    process = shell.fork("import", "luminous.products", samples / "products.csv", "--rate", "50 / s")
    wait_for(lambda: slow.ask("log")["requests"] >= 5, process)
    shown = look("show", "last").stdout
    process.send_signal(number)
    stdout, _ = process.communicate(timeout=60)
    assert process.returncode == exit_code
    assert f"Interrupted: ended by {cause}." in stdout
    assert re.search(r"; run \S+ --rate '50 / s'\n(?s:.*)\nbulk resume \S+ goes on where it stopped\.\n", stdout)
    assert "unknown" not in statuses(shell)
    # Asked meanwhile, it said how things stood, and gave no advice as if it had ended.
    assert re.search(r"\nunder way since .* UTC; run \S+\n200 rows read = .* in flight", shown)
    assert "bulk resume" not in shown


def test_under_nohup_the_terminal_may_be_closed(shell, slow, samples):
    line = ["nohup", shell.program, "import", "luminous.products", samples / "products.csv", "--limit", "20", "--json"]
    process = subprocess.Popen(
        line, cwd=shell.folder, env=shell.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    wait_for(lambda: slow.ask("log")["requests"] >= 5, process)
    process.send_signal(signal.SIGHUP)
    stdout, _ = process.communicate(timeout=60)
    assert (process.returncode, json.loads(stdout)["status"]) == (0, "completed")


@pytest.mark.parametrize(("number", "exit_code"), SIGNALS, ids=["Ctrl-C", "SIGTERM"])
def test_a_second_signal_ends_at_once_and_still_reports_the_run(shell, look, serve, *, number, exit_code):
    server = serve("--fault", "hang:@2")
    process = shell.fork("import", "luminous.products", plain(shell), "--json")
    wait_for(lambda: server.ask("log")["requests"] >= 2, process)
    insist(process, number)
    stdout, _ = process.communicate(timeout=20)
    assert process.returncode == exit_code
    document = json.loads(stdout)
    assert (document["status"], document["exit_code"]) == ("interrupted", exit_code)
    attempts = sum(row["attempts"] for row in look.json("rows", "last"))
    assert document["requests"]["sent"] == attempts + lookups(server) == server.ask("log")["requests"]


def test_rows_that_wait_for_their_turn_at_a_second_ctrl_c_were_not_sent(shell, look, server):
    process = shell.fork("import", "luminous.products", plain(shell), "--rate", "20/s", "--json")
    wait_for(lambda: server.ask("log")["requests"] >= 3, process)
    insist(process)
    stdout, _ = process.communicate(timeout=20)
    document = json.loads(stdout)
    assert document["requests"]["sent"] == lookups(server) + sum(row["attempts"] for row in look.json("rows", "last"))
    assert document["rows"]["unknown"] <= 1


def test_ctrl_c_ends_an_export_with_130_without_half_a_file_and_the_same_export_goes_on(shell, look, shop):
    place, before = shell.folder / "all.csv", shop.ask("log")["requests"]
    process = shell.fork("export", "luminous.products", place, "--rate", "1/s", "--json")
    wait_for(lambda: shop.ask("log")["requests"] > before, process)
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    document = json.loads(stdout)
    assert (document["status"], document["exit_code"]) == ("interrupted", 130)
    assert not place.exists()
    assert not place.with_name("all.csv.manifest.json").exists()
    finished = look.json("export", "luminous.products", place)
    assert (finished["status"], finished["continued"], finished["exit_code"]) == ("completed", True, 0)
    with place.open(newline="") as file:
        exported = [row["sku"] for row in csv.DictReader(file)]
    assert len(exported) == len(set(exported))
    assert set(exported) >= shop.ask("state")["luminous"]["products"].keys()


def test_a_demo_that_is_interrupted_stops_there_with_130(shell, look):
    process = shell.fork("demo", "--json")
    wait_for(lambda: "succeeded" in statuses(shell), process)
    process.send_signal(signal.SIGINT)
    stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    document = json.loads(stdout)
    assert document["exit_code"] == 130
    (run,) = document["runs"]
    assert (run["operation"], run["status"], run["exit_code"]) == ("import", "interrupted", 130)
    assert [one["run"] for one in look.json("runs")] == [run["run"]]


PRESSED_WHILE_POLARS_COMPUTES = """
import os, signal
from bulk.cli.common import run_interruptibly

async def job(stop):
    import polars as pl
    def press(cells):
        os.kill(os.getpid(), signal.SIGINT)
        return cells
    pl.LazyFrame({"n": [1]}).select(pl.col("n").map_batches(press, return_dtype=pl.Int64)).sort("n").collect()
    print("computed to the end", flush=True)
    os._exit(0)

run_interruptibly(job, begun=lambda: True)
"""


def test_ctrl_c_does_not_break_off_what_polars_computes_for_a_run(shell):
    python = Path(shell.program).with_name("python")
    done = subprocess.run(
        [python, "-c", PRESSED_WHILE_POLARS_COMPUTES],
        env=shell.environment, cwd=shell.folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout == "computed to the end\n", done.stderr


def test_a_run_does_not_depend_on_anybody_reading_its_messages(shell, look, serve, samples):
    server = serve("--fault", "429:1x")
    process = shell.fork("import", "luminous.products", samples / "products.csv", "--rate", "500/s", "--json")
    process.stderr.close()
    process.stderr = None
    stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(stdout)["rows"]["succeeded"] == 200
    assert server.ask("log")["malformed_total"] == 0
    assert look.json("show", "last")["status"] == "completed"


def test_a_program_started_without_stderr_still_says_its_results(shell, samples):
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" 2>&-', "sh", shell.program, "check", "luminous.products", samples / "products.csv"],
        env=shell.environment, cwd=shell.folder, stdout=subprocess.PIPE, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "no fault found" in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("extra", [[], ["--json"]])
def test_results_that_cannot_be_written_are_an_error_and_no_fault_of_the_tool(shell, extra):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [shell.program, "resources", *extra],
            env=shell.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "error: the results cannot be written: No space left on device\n"
