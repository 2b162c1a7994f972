"""What an export lays aside, and when it is believed."""

import json
from dataclasses import replace

import pytest

from bulk.connectors import find
from bulk.errors import UsageError
from bulk.jobs.export.bookmark import MOST_RECENT, OVERLAP, Bookmark, digest
from bulk.jobs.export.flattening import Flattening
from bulk.jobs.export.pieces import Batch
from bulk.jobs.export.spool import FRESH, Progress, Spool
from bulk.model import Documents

_, PRODUCTS = find("luminous.products")
RECORDS = [("1", 10.0, {"sku": "A"}), ("2", None, {"sku": "B \ud83c"}), ("1", 20.0, {"sku": "C"})]


def batch(*records, shown=None):
    """Records by id, time of change and document, as they were read together."""
    ids, changes, documents = zip(*records, strict=True) if records else ((), (), ())
    return Batch(ids=ids, changes=changes, documents=Documents.of(documents), shown=shown or [True] * len(records))


def spool(folder, *, later_counts=False, order="x"):
    flattening = Flattening(PRODUCTS)
    return Spool(folder / "t.csv", order={"order": order}, later_counts=later_counts, flattening=flattening)


def save(made, *records, shown=None, **progress):
    """Add records and make them last; says at which line each had stood before."""
    before, counting = made.add(batch(*records, shown=shown))
    made.progress = Progress(started_at=100.0, **progress)
    made.save(made.progress, counting)
    return before


def laid_aside(folder, **options):
    made = spool(folder, **options)
    assert not made.open(100.0)
    assert save(made, *RECORDS[:2], saved_at=101.0, resume="p2", total=2) == [None, None]
    assert save(made, *RECORDS[2:], saved_at=102.0, resume="p3", total=2) == [0]
    return made


def ids(made):
    return [id for piece in made.read() for id in piece.ids]


def skus(made):
    return [sku for piece in made.read() if piece.height for sku in piece.table.to_series().to_list()]


@pytest.mark.parametrize(
    ("later_counts", "expected", "shown"),
    [(False, ["1", "2"], ['"A"', '"B \\ud83c"']), (True, ["2", "1"], ['"B \\ud83c"', "C"])],
)
def test_of_two_readings_one_counts(tmp_path, later_counts, expected, shown):
    made = laid_aside(tmp_path, later_counts=later_counts)
    again = spool(tmp_path, later_counts=later_counts)
    assert again.open(103.0)
    for one in (made, again):
        assert (ids(one), skus(one)) == (expected, shown)  # halves of characters are laid aside as JSON
        assert (len(one), one.newest) == (2, 20.0 if later_counts else 10.0)
        assert (one.progress.resume, one.progress.total) == ("p3", 2)


def test_what_was_added_since_it_was_last_saved_is_read_again(tmp_path):
    laid_aside(tmp_path).add(batch(("3", None, {"sku": "D"})))
    again = spool(tmp_path)
    assert again.open(103.0)
    assert ids(again) == ["1", "2"]
    assert save(again, ("3", None, {"sku": "D"}), saved_at=104.0) == [None]
    assert ids(again) == ["1", "2", "3"]


def test_a_record_that_is_not_shown_counts_but_has_no_row(tmp_path):
    made = spool(tmp_path)
    made.open(100.0)
    save(made, ("1", 10.0, {"sku": "A"}), ("2", 10.0, {"sku": "B"}), shown=[False, True], saved_at=101.0)
    (piece,) = made.read()
    assert (len(made), piece.ids, piece.shown, skus(made)) == (2, ["1", "2"], 1, ["B"])


def test_what_is_saved_holds_nothing_that_was_added_later(tmp_path):
    made = spool(tmp_path)
    made.open(100.0)
    _, first = made.add(batch(*RECORDS[:1]))
    _, second = made.add(batch(*RECORDS[1:2]))
    made.save(Progress(started_at=100.0, saved_at=101.0, resume="p2"), first)
    assert ids(made) == ["1"]
    made.save(Progress(started_at=100.0, saved_at=102.0, resume="p3"), second)
    assert ids(made) == ["1", "2"]


def test_records_that_changed_before_are_passed_over_but_not_those_that_do_not_say(tmp_path):
    made = laid_aside(tmp_path, later_counts=True)
    for since, expected in ((20.0, ["2", "1"]), (20.5, ["2"])):
        assert [record.id for record in made.recent(since)] == expected
        assert made.changed_since(since) == len(expected)
    assert [record.document for record in made.recent(20.0)] == [{"sku": "B \ud83c"}, {"sku": "C"}]


def test_documents_are_kept_where_a_bookmark_may_want_them(tmp_path):
    made = spool(tmp_path)
    made.open(100.0)
    records = ((str(number), float(number), {"sku": "A"}) for number in (0, 100, 200))
    save(made, *records, saved_at=101.0, asked_at=150.0)
    save(made, ("9", 89.0, {"sku": "B"}), ("8", 90.0, {"sku": "C"}), saved_at=102.0, asked_at=150.0)
    kept = {
        id: document is not None
        for piece in made.read()
        for id, document in zip(piece.ids, piece.documents, strict=True)
    }
    assert kept == {"0": False, "100": True, "200": True, "9": False, "8": True}
    assert [record.id for record in made.recent(0.0)] == ["100", "200", "8"]


def test_missing_is_what_the_api_speaks_of_but_what_is_gone(tmp_path):
    made = laid_aside(tmp_path)
    assert made.missing == 0
    made.save(replace(made.progress, total=5))
    made.progress = replace(made.progress, total=5)
    assert made.missing == 3
    made.save(replace(made.progress, gone=2))
    again = spool(tmp_path)
    assert again.open(103.0)
    assert again.missing == 1


def test_only_the_owner_can_read_what_is_laid_aside(tmp_path):
    made = laid_aside(tmp_path)
    files = sorted(made.room("state.json").parent.iterdir())
    assert [(path.name, path.stat().st_mode & 0o777) for path in files] == [
        ("pieces.arrow", 0o600),
        ("state.json", 0o600),
    ]


def test_what_was_laid_aside_is_gone_on_with_for_an_hour(tmp_path):
    laid_aside(tmp_path)
    assert spool(tmp_path).open(102.0 + FRESH - 1)
    assert not spool(tmp_path).open(102.0 + FRESH)
    assert not spool(tmp_path).open(103.0)  # the one before has begun anew


def test_a_state_of_the_future_is_not_believed(tmp_path):
    laid_aside(tmp_path)
    assert not spool(tmp_path).open(50.0)


def test_another_order_begins_anew(tmp_path):
    laid_aside(tmp_path)
    other = spool(tmp_path, order="y")
    assert not other.open(103.0)
    assert ids(other) == []


def test_without_a_place_to_go_on_it_begins_anew_unless_all_was_read(tmp_path):
    made = laid_aside(tmp_path)
    save(made, saved_at=102.0, done=True)
    assert spool(tmp_path).open(103.0)
    save(made, saved_at=102.0)
    assert not spool(tmp_path).open(103.0)


def test_at_whatever_byte_it_breaks_off_whole_pieces_are_gone_on_with(tmp_path):
    laid_aside(tmp_path, later_counts=True)
    pieces = tmp_path / ".t.csv.part" / "pieces.arrow"
    whole = pieces.read_bytes()
    for more in (1, 7, 15, 16, 17, 40, len(whole) // 2):
        pieces.write_bytes(whole + whole[:more])
        again = spool(tmp_path, later_counts=True)
        assert again.open(103.0)
        assert len(again) == 2
        assert pieces.read_bytes() == whole


def test_what_was_laid_aside_in_an_older_form_is_not_misread(tmp_path):
    made = laid_aside(tmp_path)
    place = made.room("state.json")
    state = json.loads(place.read_text())
    for form in ({}, {"form": 1}):
        place.write_text(json.dumps({"order": state["order"], "progress": state["progress"]} | form))
        again = spool(tmp_path)
        assert not again.open(103.0)
        assert ids(again) == []


def test_nothing_is_left_when_it_is_removed(tmp_path):
    laid_aside(tmp_path).remove()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_to_is_refused(tmp_path):
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(UsageError, match=r"t\.csv cannot be written: it is a folder"):
        spool(tmp_path).open(1.0)
    with pytest.raises(UsageError, match="there is no folder"):
        spool(tmp_path / "nowhere").open(1.0)


def opened(folder, *records, asked_at=None):
    made = spool(folder, later_counts=True)
    made.open(1.0)
    save(made, *records, saved_at=1.0, resume="x", asked_at=asked_at)
    return made


def after(made, before=None, read_only=()):
    return Bookmark.after(made, before, chain="c", read_only=read_only)


def test_a_bookmark_remembers_what_changed_shortly_before_its_end(tmp_path):
    old, new = ("1", 1000.0, {"n": 1}), ("2", 1000.0 + OVERLAP, {"n": 2})
    older = ("3", 999.0, {"n": 3})
    bookmark = after(opened(tmp_path, old, new, older))
    assert bookmark == Bookmark(until=1060.0, chain="c", recent={"1": digest({"n": 1}), "2": digest({"n": 2})})
    assert Bookmark.of(bookmark.text()) == bookmark
    assert bookmark.since.timestamp() == 1000.0
    assert bookmark.knows("1", [{"n": 1}], 0)
    assert not bookmark.knows("1", [{"n": 4}], 0)
    assert not bookmark.knows("3", [{"n": 3}], 0)


def test_a_read_only_field_that_no_record_had_tells_no_states_apart_and_every_other_does(tmp_path):
    records = [("1", 9.0, {"n": 1, "cost": 5}), ("2", 9.0, {"n": 2})]
    bookmark = after(opened(tmp_path, *records), read_only=["cost", "landed"])
    assert bookmark.unseen == ("landed",)
    assert Bookmark.of(bookmark.text()) == bookmark
    assert bookmark.knows("2", [{"n": 2, "landed": 7}], 0)
    assert not bookmark.knows("2", [{"n": 2, "cost": 7}], 0)
    assert not bookmark.knows("2", [{"n": 2, "new": 7}], 0)
    assert not bookmark.knows("1", [{"n": 1}], 0)


def test_a_bookmark_ends_no_later_than_the_first_request(tmp_path):
    made = opened(tmp_path, ("1", 5000.0, {}), asked_at=2000.0)
    assert after(made) == Bookmark(until=2000.0, chain="c", recent={"1": digest({})})


def test_a_bookmark_never_goes_back_and_is_carried_on_where_nothing_changed(tmp_path):
    before = Bookmark(until=9000.0, recent={"7": "x"})
    assert after(opened(tmp_path), before) is before
    (tmp_path / "b").mkdir()
    made = opened(tmp_path / "b", ("1", 8950.0, {}), asked_at=1.0)
    assert after(made, before) == Bookmark(until=9000.0, chain="c", recent={"1": digest({})})


def test_a_bookmark_has_bounds(tmp_path):
    many = [(str(number), 1.0, {}) for number in range(MOST_RECENT + 1)]
    assert after(opened(tmp_path, *many)) == Bookmark(until=1.0, chain="c")
    (tmp_path / "b").mkdir()
    assert len(after(opened(tmp_path / "b", *many[:-1])).recent) == MOST_RECENT


def test_the_state_is_plain_json(tmp_path):
    made = laid_aside(tmp_path)
    state = json.loads(made.room("state.json").read_text())
    assert state["progress"]["resume"] == "p3"
    assert json.loads(state["order"]) == {"order": "x"}
