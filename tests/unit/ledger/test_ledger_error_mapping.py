"""Errors of SQLite become errors that a person can act on; faults of the program stay what they are."""

import sqlite3

import pytest

from bulk.errors import LedgerError
from bulk.ledger.error_mapping import EXPLANATIONS, translated

FAULTS_OF_THE_PROGRAM = {
    "SQLITE_ABORT",
    "SQLITE_EMPTY",
    "SQLITE_ERROR",
    "SQLITE_INTERNAL",
    "SQLITE_INTERRUPT",
    "SQLITE_MISMATCH",
    "SQLITE_MISUSE",
    "SQLITE_NOMEM",
    "SQLITE_NOTFOUND",
    "SQLITE_RANGE",
    "SQLITE_SCHEMA",
}
NOT_ERRORS = {"SQLITE_OK", "SQLITE_NOTICE", "SQLITE_WARNING", "SQLITE_ROW", "SQLITE_DONE"}
OTHER_CONSTANTS = {"SQLITE_DENY", "SQLITE_IGNORE"}


def connect(**options):
    return sqlite3.connect(":memory:", isolation_level=None, **options)


def test_every_result_code_of_sqlite_has_its_place():
    """A new SQLite that knows a new code fails here, not in front of a user."""
    probe = connect()
    codes = {}
    for name in dir(sqlite3):
        value = getattr(sqlite3, name)
        # Result codes share a prefix with action codes and limits; those whose names follow a category are told apart.
        if name.startswith("SQLITE_") and isinstance(value, int) and not name.startswith("SQLITE_LIMIT_"):
            codes[name] = value
    probe.close()
    actions = {name for name in codes if name.split("_")[1] in {"CREATE", "DROP", "ALTER", "RECURSIVE"}} | {
        "SQLITE_ANALYZE",
        "SQLITE_ATTACH",
        "SQLITE_DELETE",
        "SQLITE_DETACH",
        "SQLITE_FUNCTION",
        "SQLITE_INSERT",
        "SQLITE_PRAGMA",
        "SQLITE_READ",
        "SQLITE_REINDEX",
        "SQLITE_SAVEPOINT",
        "SQLITE_SELECT",
        "SQLITE_TRANSACTION",
        "SQLITE_UPDATE",
    }
    primary = {name for name, value in codes.items() if value < 256} - actions - NOT_ERRORS - OTHER_CONSTANTS
    placed = {name for name in primary if codes[name] in EXPLANATIONS}
    assert primary - placed == FAULTS_OF_THE_PROGRAM


def test_a_full_disk_says_what_to_do():
    connection = connect()
    connection.execute("PRAGMA max_page_count = 2")
    connection.execute("CREATE TABLE t (x)")
    with pytest.raises(LedgerError, match="ledger cannot be written: the disk is full") as caught, translated("ledger"):
        connection.execute("CREATE TABLE one_more (x)")
    assert "Free some space" in caught.value.advice
    connection.close()


def test_a_read_only_file_says_what_to_do(tmp_path):
    path = tmp_path / "ledger.db"
    connect_once = sqlite3.connect(path)
    connect_once.execute("CREATE TABLE t (x)")
    connect_once.close()
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    with pytest.raises(LedgerError, match="read-only") as caught, translated(str(path)):
        connection.execute("INSERT INTO t VALUES (1)")
    assert "right to write" in caught.value.advice
    connection.close()


def test_the_file_system_is_translated_too(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match="cannot be used: Not a directory"), translated("ledger.db"):
        (tmp_path / "file" / "folder").mkdir()


def test_a_fault_of_the_program_passes_as_it_is():
    connection = connect()
    with pytest.raises(sqlite3.OperationalError, match="no such table"), translated("ledger.db"):
        connection.execute("SELECT * FROM missing")
    connection.close()
