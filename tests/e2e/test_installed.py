"""The installed command in a process of its own: every command once, and every exit code."""

import re
import shlex
import shutil
from pathlib import Path

import polars as pl
import pytest
from shells import Shell

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = [
    [line.split("  #")[0].rstrip() for line in block.splitlines()]
    for block in re.findall(r"(?:^bulk .*\n)+", README, flags=re.MULTILINE)
]
"""Commands of the README that follow one another; each block begins with what the samples are."""
FIRST = {line.split()[1]: line for block in reversed(BLOCKS) for line in reversed(block)}.values()
"""Where the README shows each command for the first time: there it is started, and run within this process later on."""


@pytest.fixture(scope="module", autouse=True)
def unheard(tmp_path_factory):
    """Commands that look for a server where there is none: begun first, for each is patient for some seconds."""
    shell = Shell(tmp_path_factory.mktemp("unheard"))
    shell.environment |= {"LUMINOUS_BASE_URL": "http://127.0.0.1:9/external/api/v1", "LUMINOUS_API_KEY": "x"}
    with (
        shell.start("export", "luminous.products", "all.csv") as export,
        shell.start("get", "luminous.products", "A") as get,
    ):
        yield shell.folder, (export, get)
        export.kill()
        get.kill()


def test_the_readme_shows_how_to_load_and_how_to_export():
    assert [block[0].split()[1] for block in BLOCKS] == ["check", "export", "exists"]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block[-1])
def test_every_command_of_the_readme_works_as_it_stands(shell, look, shop, samples, block):
    shutil.copy(samples / "products-with-faults.csv", shell.folder / "catalog.csv")
    pl.read_csv(shell.folder / "catalog.csv", infer_schema=False).write_excel(shell.folder / "catalog.xlsx")
    shutil.copy(samples / "products.csv", shell.folder / "keys.csv")
    for line in block:
        done = (shell if line in FIRST else look).run(shlex.split(line)[1:])
        assert done.returncode in (0, 3), f"{line}\n{done.stderr}"


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("resources", "luminous.channels"),
        ("fields luminous.channels", "warehouseGroupId"),
        ("template luminous.channels", "channelType"),
        ("explain luminous.products KTN-7102", "succeeded"),
        ("runs", "import"),
    ],
)
def test_commands_that_the_readme_only_mentions_work_too(shell, shop, line, printed):
    assert printed in shell(*line.split()).stdout


@pytest.mark.parametrize(
    ("exit_code", "line"),
    [
        (2, "nonsense"),
        (2, "delete luminous.products good.csv --sandbox --yes"),
        (10, "plan luminous.products good.csv --sandbox --detailed-exitcode"),
        (65, "check luminous.products bad.csv"),
        (77, "import luminous.products good.csv"),
        (78, "get luminous.products A --profile none"),
    ],
)
def test_exit_codes_of_the_contract(shell, look, server, exit_code, line):
    (shell.folder / "good.csv").write_text("sku,name\nA,B\n")
    (shell.folder / "bad.csv").write_text("sku,name\nA,B,C\n")
    shell.environment["LUMINOUS_API_KEY"] = "wrong"
    # Started where typer sees the fault, and where we do: all other codes leave the process by the same door.
    done = (shell if line.split()[0] in ("nonsense", "check") else look)(*line.split(), exit_code=exit_code)
    assert done.stderr or done.stdout


def test_a_fault_of_the_tool_itself_is_exit_1_and_one_document(shell, samples):
    (shell.folder / "polars.py").write_text("raise ZeroDivisionError\n")  # a broken installation
    shell.environment |= {"PYTHONPATH": str(shell.folder)}
    document = shell.json("check", "luminous.products", samples / "products.csv", exit_code=1)
    assert (document["exit_code"], document["error"]["type"]) == (1, "ZeroDivisionError")
    assert "fault in the tool" in document["error"]["message"]


def test_the_demo_shows_the_main_job_and_where_the_ledger_lies(shell, look):
    done = shell("demo")
    assert "200 created" in done.stdout
    assert "200 since run" in done.stdout
    assert "25 invalid" in done.stdout
    assert str(shell.folder / "ledger.db") in done.stdout
    told = ["import", "import", "import", "retry", "export", "import"]
    assert [run["operation"] for run in reversed(look.json("runs"))] == told


def test_a_reader_that_goes_away_ends_the_command_quietly(shell, shop):
    with shell.start("rows", shop.loaded["run"], "--json") as process:
        process.stdout.readline()
        process.stdout.close()
        process.stdout = None
        process.wait(timeout=60)
        assert process.stderr.read() == ""


def test_nobody_listening_is_exit_69_and_no_file(unheard):
    folder, processes = unheard
    for process in processes:
        _, stderr = process.communicate(timeout=100)
        assert process.returncode == 69, stderr
        assert "Traceback" not in stderr
    assert not (folder / "all.csv").exists()
