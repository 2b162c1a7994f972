"""Which texts come twice, wherever their hashes lie."""

import tempfile

import polars as pl
import pytest

from bulk.validation.hashes import Hashes

CHUNKS = [[f"{chunk}-{number}" for number in range(7)] for chunk in range(5)] + [["0-3", "4-6", "new"], [], ["0-3"]]


def repeated(held):
    hashes = Hashes(held)
    for chunk in CHUNKS:
        hashes.add(pl.Series(chunk, dtype=pl.String))
    return sorted(hashes.repeated())


@pytest.mark.parametrize("held", [1, 8, 20, 1_000])
def test_repeated_hashes_are_found_in_memory_and_on_disk(held):
    assert repeated(held) == sorted(pl.Series(["0-3", "4-6"]).hash())


def test_without_room_on_disk_hashes_stay_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    assert repeated(8) == sorted(pl.Series(["0-3", "4-6"]).hash())


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    hashes = Hashes(1)
    hashes.add(pl.Series(["a"]))
    assert list(tmp_path.iterdir()) == []  # even now, so that nothing stays when the process is killed
    assert hashes.repeated().is_empty()


def test_where_nothing_came_nothing_came_twice():
    assert Hashes().repeated().is_empty()
