"""Brings a database up to the schema of this version."""

import sqlite3
from typing import Final

from bulk.errors import LedgerError
from bulk.ledger.sql import statements

APPLICATION: Final = int.from_bytes(b"bulk")
"""Mark in the file's header by which a ledger is told from the database of another program."""

_STEPS: Final = {int(version): text for version, text in statements("schema.sql").items()}

VERSION: Final = max(_STEPS)
"""The schema that this program reads and writes."""


def recognise(connection: sqlite3.Connection, called: str) -> int:
    """Version of the ledger, 0 for an empty database; raises `LedgerError` for one that is not ours to touch."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION and (application or version or tables):
        raise LedgerError(
            f"The ledger {called} is the database of another program.", advice="Name another path for the ledger."
        )
    if version > VERSION:
        raise LedgerError(
            f"The ledger {called} was written by a newer version of bulk (schema {version}, known up to {VERSION}).",
            advice="Update bulk, or name another path for the ledger.",
        )
    return int(version)


def migrate(connection: sqlite3.Connection, called: str) -> None:
    """Apply the steps that are missing: all of them and the new version number, or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = recognise(connection, called)
        for step in range(version + 1, VERSION + 1):
            for statement in _STEPS[step].split(";\n"):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise
