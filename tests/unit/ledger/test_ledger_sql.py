"""The .sql files: every statement has a name, every name is used, every statement is one that SQLite understands."""

import re
import sqlite3
from importlib import resources

import pytest
from examples import every

from bulk.ledger import migrations
from bulk.ledger.sql import QUERIES, statements


@pytest.fixture
def empty_ledger():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrations.migrate(connection, "test")
    yield connection
    connection.close()


@every("name", QUERIES)
def test_every_statement_compiles_against_the_schema(empty_ledger, name):
    text = QUERIES[name]
    named = dict.fromkeys(re.findall(r":(\w+)", text))
    parameters = named or (None,) * text.count("?")
    assert empty_ledger.execute(f"EXPLAIN {text.strip()}", parameters).fetchall()


@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("claim", "row=?"),
        ("enrolled", "row=?"),
        ("as_enrolled", "row>? AND row<?"),
        ("claim_new", "row>? AND row<?"),
        ("settle", "row>? AND row<?"),
        ("learn_written", "row>? AND row<?"),
        ("doubt_written", "row>? AND row<?"),
    ],
)
def test_a_group_of_rows_costs_a_search_or_a_step_for_each_and_not_a_walk_through_the_run(empty_ledger, name, by):
    """Ledger's cost: what is walked through are the rows that are named, or the stretch in which they lie."""
    plan = empty_ledger.execute(
        f"EXPLAIN QUERY PLAN {QUERIES[name]}", dict.fromkeys(re.findall(r":(\w+)", QUERIES[name]))
    )
    steps = [step for *_, step in plan]
    assert any(step.startswith(f"SEARCH entry USING PRIMARY KEY (run=? AND {by})") for step in steps), steps
    assert not any(step.startswith(("SCAN entry", "SCAN known")) for step in steps), steps


def test_every_statement_is_used():
    modules = [path for path in resources.files("bulk.ledger").iterdir() if path.name.endswith(".py")]
    code = "".join(path.read_text(encoding="utf-8") for path in modules)
    assert {name for name in QUERIES if f'QUERIES["{name}"]' not in code} == set()


def test_sections_keep_the_order_of_the_file():
    assert [int(version) for version in statements("schema.sql")] == list(range(1, migrations.VERSION + 1))


def test_migrating_twice_changes_nothing(empty_ledger):
    before = empty_ledger.execute("SELECT sql FROM sqlite_master").fetchall()
    migrations.migrate(empty_ledger, "test")
    assert empty_ledger.execute("SELECT sql FROM sqlite_master").fetchall() == before
    assert migrations.recognise(empty_ledger, "test") == migrations.VERSION
