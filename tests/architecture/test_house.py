"""What holds the house together."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def readme_lines():
    return re.findall(r"^python3 -m venv .*$", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_the_readme_opens_with_one_line_for_the_main_job_and_one_for_the_tests():
    demo, tests = readme_lines()
    assert demo.endswith(".venv/bin/bulk demo")
    assert tests.endswith(".venv/bin/pytest")


def test_ci_runs_the_very_test_line_of_the_readme():
    assert readme_lines()[1] in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_the_top_level_holds_nothing_but_what_was_agreed():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    top = {name.split("/")[0] for name in listed if not name.startswith(".")}
    agreed = {"pyproject.toml", "README.md", "bulk", "samples", "tests", "benchmarks", "LICENSE", "requirements.lock"}
    assert top <= agreed


def loaded_by(*arguments):
    """The modules that the program has loaded when it ends."""
    run = (
        "import atexit, sys; from bulk.cli import main; sys.argv[0] = 'bulk'; "
        "atexit.register(lambda: print(*sys.modules, file=sys.stderr)); main()"
    )
    done = subprocess.run([sys.executable, "-c", run, *arguments], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_help_needs_neither_polars_nor_aiohttp_nor_pydantic():
    heavy = {"polars", "aiohttp", "pydantic", "sqlite3", "asyncio", "rich", "bulk.contracts"}
    assert not loaded_by("--help") & heavy


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_what_asks_the_ledger_needs_no_connector_and_none_of_the_large_libraries(tmp_path, monkeypatch, more):
    """Speed: `bulk runs`."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("BULK_LEDGER", raising=False)
    monkeypatch.chdir(tmp_path)
    Path("bulk.toml").write_text('rate = "20/s"\n[luminous]\ncompany = "acme"\n')
    loaded = loaded_by(*more, "runs")
    assert "bulk.ledger" in loaded
    assert not loaded & {"polars", "aiohttp", "fastexcel", "pydantic", "pydantic_settings", "rich"}
    assert not loaded & {"bulk.contracts", "bulk.http", "bulk.sandbox", "bulk.connectors", "bulk.jobs", "bulk.settings"}
    assert not loaded_by("--ledger", str(tmp_path / "bulk" / "ledger.db"), "runs") & {"pydantic", "rich"}


def test_only_writing_a_workbook_loads_what_writes_workbooks():
    seen = "import sys, bulk.api; print('polars' in sys.modules, 'xlsxwriter' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True).stdout
    assert printed.split() == ["True", "False"]


def test_a_resource_is_found_without_loading_the_connectors_of_others():
    """Speed: every command that names a resource, and every worker process."""
    seen = "import sys; from bulk.connectors import find; find('luminous.products'); print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True).stdout
    loaded = {name.split(".")[2] for name in printed.split() if name.startswith("bulk.connectors.")}
    assert loaded == {"luminous"}


def test_import_contracts_hold():
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


PACKAGES = sorted(path.parent for path in (ROOT / "bulk").rglob("__init__.py"))


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: str(package.relative_to(ROOT)))
def test_each_package_says_what_lies_where(package):
    says = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    modules = {path.stem for path in package.glob("*.py")} | {
        path.parent.name for path in package.glob("*/__init__.py")
    }
    assert modules - {"__init__"} <= set(re.findall(r"`(\w+)`", says))


def test_the_readme_speaks_of_no_file_that_is_not_there():
    named = re.findall(r"`((?:bulk|benchmarks)/[\w/.]+)`", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert not [name for name in named if not (ROOT / name).exists()]
