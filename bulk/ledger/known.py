"""What is known: doubted when a write may begin, learnt when one has succeeded or from an export; and rates."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from bulk.fingerprint import merged
from bulk.ledger.current import Current, current
from bulk.ledger.row_ranges import numbers, row_ranges, table
from bulk.ledger.sql import QUERIES
from bulk.model import Settlement, Sighting


def known(
    connection: sqlite3.Connection,
    target: str,
    resource: str,
    keys: Sequence[str],
    *,
    ids: bool,
    written: Mapping[str, bytes] | None,
) -> dict[str, bytes]:
    """Fingerprints of the records at a place of which any is sure, by the key asked for."""
    found = connection.execute(QUERIES["place"], {"target": target, "resource": resource}).fetchone()
    if found is None:
        return {}
    place = found["number"]
    if ids:
        return lookup(connection, place, keys, ids=ids, written=written)
    if written is None:
        return sure(connection, place, keys)
    digests = connection.execute(QUERIES["sure_digests"], {"place": place, "keys": json.dumps(keys)})
    return sure(
        connection,
        place,
        [key for key, digest, seen in digests if seen is not None or digest != written.get(key)],
    )


def sure(connection: sqlite3.Connection, place: int, keys: Sequence[str]) -> dict[str, bytes]:
    """Fingerprints of the records that are known and sure under their very keys."""
    return dict(connection.execute(QUERIES["sure"], {"place": place, "keys": json.dumps(keys)})) if keys else {}


def lookup(
    connection: sqlite3.Connection,
    place: int,
    keys: Iterable[str],
    *,
    ids: bool = False,
    written: Mapping[str, bytes] | None = None,
) -> dict[str, bytes]:
    """The same where the number of the place is at hand."""
    digests = {} if written is None else {key: digest.hex().upper() for key, digest in written.items()}
    wanted = json.dumps([(key, digests.get(key)) for key in keys])
    if wanted == "[]":
        return {}
    selected = {"place": place, "wanted": wanted, "ids": ids}
    return {key: fields for key, fields in connection.execute(QUERIES["known"], selected) if fields is not None}


def doubt(connection: sqlite3.Connection, this: Current, keys: Sequence[str], ids: Sequence[str]) -> None:
    """Trust nothing about records that are about to be written, whatever the names they are known under.

    `ids` are the keys that are remote ids.
    """
    if this.writes and keys:
        selected = {"place": this.place, "keys": json.dumps(keys), "ids": json.dumps(ids)}
        connection.execute(QUERIES["doubt"], selected)
        connection.execute(QUERIES["doubt_other_names"], selected)


def doubt_by_keys(connection: sqlite3.Connection, this: Current, keys: Sequence[str]) -> dict[str, bytes]:
    """The same for records by their very keys; gives what was sure of them until now."""
    found = dict(connection.execute(QUERIES["all_known"], {"place": this.place, "keys": json.dumps(keys)}))
    if found:  # else nothing was ever heard of any of them
        doubt(connection, this, keys, ())
    return {key: fields for key, fields in found.items() if fields is not None}


def restore(connection: sqlite3.Connection, this: Current, rows: Sequence[Settlement]) -> None:
    """Trust again what was known of rows of which nothing was written after all, if nothing else cast doubt on it."""
    if this.writes:
        connection.executemany(
            QUERIES["restore"],
            [(row.fields, this.place, row.key) for row in rows if row.fields is not None],
        )


def learn_written(connection: sqlite3.Connection, selected: Sequence[Mapping[str, object]]) -> None:
    """Note what is now known of the keys of rows that just got their status; see "settle" for what is `selected`."""
    connection.executemany(QUERIES["learn_written"], selected)
    connection.executemany(QUERIES["doubt_written"], selected)


def learn_unknown(connection: sqlite3.Connection, this: Current, rows: Sequence[int]) -> None:
    """Note that nothing is sure of the keys of rows of which nobody saw what became of them."""
    if this.writes:
        unseen = {row: numbers(0, 1, 0, 0) for row in rows}
        learn_written(
            connection,
            [
                {
                    "run": this.number,
                    "place": this.place,
                    "deletes": this.deletes,
                    "first": first,
                    "last": last,
                    "parts": table(first, last, unseen),
                    "values": b"",
                }
                for first, last in row_ranges(rows)
            ],
        )


def learn_read(
    connection: sqlite3.Connection, run: str, sightings: Sequence[Sighting], *, asked: float, held: bool, now: float
) -> bool:
    """Note what an export read; false, and nothing is noted, where a run that writes was under way since `asked`.

    `held` tells whether the lock of those who write is held, so that a run that seems to be under way is.
    """
    this = current(connection, run, export=True)
    (written,) = connection.execute(
        QUERIES["written_since"], {"place": this.place, "asked": asked, "held": held}
    ).fetchone()
    if written:
        return False
    before = sure(connection, this.place, [sighting.key for sighting in sightings])
    rows = []
    for sighting in sightings:
        key, fields = sighting.key, sighting.fields
        if (known := before.get(key)) != fields:  # most of a catalog does not change from one export to the next
            fields = before[key] = merged(known or b"", fields)
        rows.append((this.place, key, this.number, now, sighting.remote_id, fields, this.number, asked))
    connection.executemany(QUERIES["learn_read"], rows)
    others = [sighting.remote_id for sighting in sightings if sighting.remote_id != sighting.key]
    connection.execute(QUERIES["doubt_read"], {"place": this.place, "names": json.dumps(others)})
    return True


def any_at(connection: sqlite3.Connection, place: int) -> bool:
    """Whether anything is known of any record at a place."""
    (found,) = connection.execute(QUERIES["any_at"], {"place": place}).fetchone()
    return bool(found)


def learn_origins(connection: sqlite3.Connection, this: Current) -> None:
    """Note from which cells the rows were read that turned out to be unchanged."""
    if this.writes:
        connection.execute(QUERIES["learn_origins"], {"run": this.number, "place": this.place})


def rate_found(connection: sqlite3.Connection, target: str) -> float | None:
    """The rate that an API was last found to bear."""
    found = connection.execute(QUERIES["rate_found"], {"target": target}).fetchone()
    return None if found is None else float(found["rate"])


def keep_rate(connection: sqlite3.Connection, target: str, rate: float, *, now: float) -> None:
    """Note the rate that an API was found to bear."""
    connection.execute(QUERIES["keep_rate"], {"target": target, "rate": rate, "now": now})
