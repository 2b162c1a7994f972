"""What the peers have in common: the rows of the catalog as documents, a record of each, and what was spent."""

import csv
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

NUMBERS = ("price", "cost", "height", "length", "width")
"""Endings of the columns that hold numbers; those that begin with qty do too."""

source, url, database = sys.argv[1:4]


def value(name: str, text: str) -> object:
    if text in {"true", "false"}:
        return text == "true"
    if name.startswith("qty"):
        return int(text)
    return float(text) if name.endswith(NUMBERS) else text


def documents() -> Iterator[dict]:
    """The rows of the source, blank cells left out."""
    with Path(source).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            yield {name: value(name, text) for name, text in row.items() if text}


class Results:
    """A record of each row in SQLite."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(database, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("CREATE TABLE result (sku TEXT, status INTEGER, id INTEGER)")

    def add(self, rows: Iterable[tuple[str, int, int]]) -> None:
        with self._connection:
            self._connection.executemany("INSERT INTO result VALUES (?, ?, ?)", rows)

    def count(self) -> int:
        return self._connection.execute("SELECT count(*) FROM result WHERE status = 200").fetchone()[0]


def measured(work: Callable[[Results], object]) -> None:
    """Do the work, and print what it took without the start of the program."""
    results = Results()
    started, cpu = time.perf_counter(), time.process_time()
    work(results)
    took = {"seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu, "rows": results.count()}
    print(json.dumps(took))
