"""Several processes of one run, and signals to each of them: whatever ends, all end, and nothing is lost."""

import json
import os
import signal
import time

import pytest
from processes import children, is_there, several_send

WORKERS = ("--workers", 2, "--concurrency", 8)
MANY_AT_ONCE = ("--concurrency", 64)
"""For what is left to be done at a slow server."""


@pytest.fixture
def catalog(shell):
    path = shell.folder / "plain.csv"
    path.write_text("sku,name\n" + "".join(f"P-{number},Product {number}\n" for number in range(2000)))
    return path


def wait_for(condition, process=None):
    while not condition():
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.01)


def writes(server):
    """Requests that were for a row."""
    return [one for one in server.ask("log")["latest"] if one["method"] == "PATCH"]


def both_send(server):
    """Whether rows have arrived from either process."""
    return several_send([int(one["key"].removeprefix("P-")) for one in writes(server)], 8)


def test_ctrl_c_reaches_all_processes_at_a_terminal_and_the_run_ends_in_order(shell, look, slow, catalog):
    process = shell.fork("import", "luminous.products", catalog, *WORKERS, "--json")
    wait_for(lambda: both_send(slow), process)
    for pid in (*children(process.pid), process.pid):
        os.kill(pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    document = json.loads(stdout)
    assert (document["status"], document["reason"]) == ("interrupted", "ended by Ctrl-C")
    assert document["rows"]["unknown"] == 0
    assert document["rows"]["not_tried"] > 0
    assert document["requests"]["sent"] == slow.ask("log")["requests"]
    finished = look.json("resume", "last", *MANY_AT_ONCE)
    assert (finished["rows"]["succeeded"], finished["run"]) == (2000, document["run"])
    assert slow.ask("log")["repeated"] == {}


def test_a_second_ctrl_c_ends_all_processes_at_once_and_each_says_what_it_sent(shell, look, serve, catalog):
    server = serve("--latency", "0.03", "--fault", "hang:@30,31,32")  # fewer than may be in flight, or all would wait
    process = shell.fork("import", "luminous.products", catalog, *WORKERS, "--json")
    wait_for(lambda: server.ask("log")["requests"] > 32 and both_send(server), process)
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        time.sleep(0.02)
    stdout, stderr = process.communicate(timeout=20)
    assert process.returncode == 130, stderr
    document = json.loads(stdout)
    assert document["status"] == "interrupted"
    assert document["requests"]["sent"] == server.ask("log")["requests"]
    rows = document["rows"]
    assert sum(rows[name] for name in ("succeeded", "failed", "unknown", "not_tried")) == rows["read"] == 2000


def test_workers_whose_run_was_killed_send_nothing_more_and_keep_others_out_as_long_as_they_are_there(
    shell, look, slow, catalog
):
    process = shell.fork("import", "luminous.products", catalog, *WORKERS)
    wait_for(lambda: both_send(slow), process)
    (worker,) = children(process.pid)
    os.kill(worker, signal.SIGSTOP)
    process.kill()
    process.wait()
    look("import", "luminous.products", catalog, exit_code=75)
    os.kill(worker, signal.SIGCONT)
    wait_for(lambda: not is_there(worker))
    assert "Traceback" not in process.communicate()[1]
    seen = slow.ask("log")["requests"]
    at_risk = {key for key, status in shell.entries() if status in {"in_flight", "unknown"}}
    assert slow.ask("log")["requests"] == seen
    document = look.json("import", "luminous.products", catalog, *MANY_AT_ONCE)
    assert (document["rows"]["succeeded"], len(look.json("runs"))) == (2000, 1)
    assert set(slow.ask("log")["repeated"]) <= at_risk


def test_the_number_of_processes_is_within_reason(look, catalog):
    for number in (0, 17):
        document = look.json("import", "luminous.products", catalog, "--workers", number, exit_code=2)
        assert "--workers" in document["error"]["message"]
