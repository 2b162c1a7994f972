"""`bulk explain`, and `bulk retry` of the rows that are chosen."""

import csv

import pytest


@pytest.fixture
def told(shell, serve):
    """A product that was refused, retried in vain, mended and loaded twice more; the runs, oldest first."""
    serve("--fault", "409:@2")  # the first asks whether it is there
    path = shell.folder / "one.csv"
    path.write_text("sku,name,retail_price\nA-1,Mug,9.50\n")
    runs = [shell.json("import", "luminous.products", path, exit_code=3)]
    runs.append(shell.json("retry", "last"))
    runs.append(shell.json("import", "luminous.products", path))
    path.write_text("sku,name,retail_price\nB-1,Jar,1\nA-1,Mug,9.90\n")
    runs.append(shell.json("import", "luminous.products", path))
    return [run["run"] for run in runs]


def test_explain_tells_every_run_file_row_digest_and_answer_of_a_record(shell, told):
    document = shell.json("explain", "luminous.products", "A-1")
    assert (document["resource"], document["key"]) == ("luminous.products", "A-1")
    history = document["history"]
    assert [(one["run"], one["operation"], one["file"], one["row"], one["status"]) for one in history] == [
        (told[0], "import", "one.csv", 2, "failed"),
        (told[1], "retry", "one.csv", 2, "succeeded"),
        (told[2], "import", "one.csv", 2, "unchanged"),
        (told[3], "import", "one.csv", 3, "succeeded"),
    ]
    refused, retried, unchanged, changed = history
    assert (refused["http_status"], refused["code"], refused["digest_before"]) == (409, "conflict", None)
    assert refused["response"]
    assert (retried["http_status"], retried["parent"], retried["digest_before"]) == (201, told[0], None)
    assert unchanged["digest_before"] == unchanged["digest"] == retried["digest"]
    assert (changed["digest_before"], changed["digest"] != unchanged["digest"]) == (unchanged["digest"], True)
    assert changed["remote_id"] == retried["remote_id"] is not None
    by_id = shell.json("explain", "luminous.products", changed["remote_id"])
    assert [one["run"] for one in by_id["history"]] == [told[1], told[3]]
    shown = shell("explain", "luminous.products", "A-1").stdout
    assert all(word in shown for word in (*told, "one.csv", "409", changed["digest"][:8], "answer:"))


def test_explain_of_a_key_that_no_run_had_is_exit_3_with_advice(shell, told):
    done = shell("explain", "luminous.products", "A-2", exit_code=3)
    assert "no run of this ledger" in done.stderr
    assert "bulk rows" in done.stderr
    shell("explain", "luminous.nothing", "A-1", exit_code=2)


def test_retry_takes_the_rows_that_are_chosen_by_number_status_or_cause(shell, serve, tmp_path):
    serve("--fault", "409:@2,3,4,5,6,7")  # the first asks whether they are there
    path = tmp_path / "six.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("sku", "name"), *((f"A-{n}", f"Product {n}") for n in range(2, 8)), ("", "none")])
    parent = shell.json("import", "luminous.products", path, exit_code=3)["run"]
    by_cause = {cause["code"]: cause for cause in shell.json("show", parent)["causes"]}
    assert (by_cause["conflict"]["count"], by_cause["conflict"]["example"]["row"]) == (6, 2)
    keys = [row["key"] for row in _retried(shell, parent, "--rows", "3,5-6")]
    assert keys == ["A-3", "A-5", "A-6"]
    assert [row["status"] for row in _retried(shell, parent, "--status", "invalid", exit_code=3)] == ["invalid"]
    assert len(_retried(shell, parent, "--cause", "conflict", "--rows", "7", "--status", "failed")) == 1
    for arguments, said in [
        (("--status", "succeeded"), "cannot be tried again"),
        (("--rows", "100-200"), "among the rows 100-200"),
        (("--rows", "x"), "names no rows"),
        (("--rows", "2", "--from", str(path)), "--from does not go together"),
    ]:
        assert said in shell("retry", parent, *arguments, exit_code=2).stderr


def _retried(shell, parent, *arguments, exit_code=0):
    document = shell.json("retry", parent, *arguments, exit_code=exit_code)
    assert document["parent"] == parent
    return shell.json("rows", document["run"])


def test_advice_repeats_the_ledger_and_the_profile_that_were_named_and_not_those_of_the_environment(shell, serve):
    serve("--fault", "409:@2")
    (shell.folder / "bulk.toml").write_text("[profiles.spring]\nrate = '50/s'\n")
    path = shell.folder / "one.csv"
    path.write_text("sku,name\nA-1,Mug\n")
    plain = shell("import", "luminous.products", path, exit_code=3).stdout
    assert "--ledger" not in plain
    there = shell.folder / "my ledger.db"
    named = ("--profile", "spring", "--ledger", there)
    shell(*named, "import", "luminous.products", path)
    path.write_text("sku,name,retail_price\nA-1,Mug,-1\n")
    again = shell(*named, "import", "luminous.products", path, exit_code=3).stdout
    options = f" --profile spring --ledger '{there}'"
    assert f"-o fix.csv{options}, then bulk retry" in again
    assert f"--from fix.csv{options}." in again


def test_after_a_stop_because_of_the_address_the_advice_works_once_it_is_mended(shell, serve):
    serve()
    path = shell.folder / "one.csv"
    path.write_text("sku,name\nA-1,Mug\n")
    right = shell.environment["LUMINOUS_BASE_URL"]
    shell.environment["LUMINOUS_BASE_URL"] = right.replace("/v1", "/v0")
    stopped = shell("import", "luminous.products", path, exit_code=4)
    assert "give the command itself again" in stopped.stdout
    shell.environment["LUMINOUS_BASE_URL"] = right
    shell("import", "luminous.products", path)
