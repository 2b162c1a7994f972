"""SIGKILL at any moment, and the same command again: nothing lost, nothing told untruly."""

import random
import time

import pytest

ROWS = 600
FAULTY = 6


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    path = tmp_path_factory.mktemp("killed") / "catalog.csv"
    lines = ["sku,name,retail_price,sellable"]
    lines += [
        f"K-{n:05},Product {n},{n % 97 + 1}.{n % 100:02},{'maybe' if n % 100 == 7 else 'yes'}" for n in range(ROWS)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def expected(running, catalog):
    """What one clean run leaves at the server."""
    running.reset()
    running.shell.json("import", "luminous.products", catalog, "--ledger", "clean.db", exit_code=3)
    return running.ask("state")


def test_a_run_killed_at_random_moments_ends_as_one_clean_run_would(shell, look, slow, catalog, expected):
    chance = random.Random(1)
    at_risk = set()
    for _ in range(5):  # most kills are of the crash campaign, where a start costs a tenth of one from the command line
        process = shell.fork("import", "luminous.products", catalog, "--concurrency", "16")
        # Where in its life it is killed is drawn from the requests that the server has seen, not from the clock.
        target = slow.ask("log")["requests"] + chance.choice(
            [0, 1, *(chance.randrange(5, ROWS // 5) for _ in range(2))]
        )
        while process.poll() is None and slow.ask("log")["requests"] < target:
            time.sleep(0.005)
        time.sleep(chance.random() * 0.05)
        process.kill()
        process.communicate()
        at_risk |= {key for key, status in shell.entries() if status == "in_flight"}
    document = look.json("import", "luminous.products", catalog, exit_code=3)
    assert slow.ask("state") == expected
    rows = document["rows"]
    assert (rows["read"], rows["invalid"], rows["succeeded"]) == (ROWS, FAULTY, ROWS - FAULTY)
    assert len(look.json("runs")) == 1
    log = slow.ask("log")
    assert set(log["repeated"]) <= at_risk
    assert log["malformed_total"] == 0
    statuses = [row["status"] for row in look.json("rows", "last")]
    assert (len(statuses), set(statuses)) == (ROWS, {"invalid", "succeeded"})
