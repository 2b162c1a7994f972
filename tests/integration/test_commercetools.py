"""commercetools from file to channel and back, over real sockets, against the twin."""

import asyncio
import csv
import json
from collections import Counter
from contextlib import asynccontextmanager

import pytest
from catalogs import write_csv
from leaping import LoopClock, leaping

from bulk.access import Politeness
from bulk.api import Session
from bulk.connectors.commercetools.sandbox import SECRETS, commercetools_api, environment, examples, seed_channels
from bulk.errors import NotFoundError
from bulk.jobs.guards import Guards, Stop
from bulk.model import RunStatus, Status
from bulk.orders import Extract, Order
from bulk.sandbox import Faults, Sandbox
from bulk.settings import Configuration

NAME = "commercetools.channels"


class Project:
    """A twin, and desks to work at it."""

    def __init__(self, sandbox, folder, clock):
        self.sandbox, self.folder, self.clock = sandbox, folder, clock
        self.notes = []

    @property
    def channels(self):
        return self.sandbox.state()["commercetools"]["channels"]

    @property
    def writes(self):
        return [one for one in self.sandbox.log.requests() if one.applied]

    def asked(self, method="GET", path="/practice/channels"):
        return [one for one in self.sandbox.log.requests() if (one.method, one.path) == (method, path)]

    def session(self, ledger="one"):
        return Session(
            Configuration(folder=self.folder, user=self.folder / "none.toml"),
            ledger=self.folder / f"{ledger}.db",
            listener=lambda event: self.notes.append(event.message) if event.kind == "note" else None,
            politeness=Politeness(),
            clock=self.clock,
        )

    def file(self, rows, name="rows.csv"):
        path = self.folder / name
        if name.endswith(".json"):
            path.write_text(json.dumps(rows), encoding="utf-8")
            return path
        return write_csv(path, rows)

    async def load(self, source, ledger="one", **decisions):
        source = source if not isinstance(source, list) else self.file(source)
        async with self.session(ledger) as session:
            order = Order(resource=NAME, source=str(source), decisions=decisions)
            run = await session.load(order, Guards(), Stop())
            return run, [entry async for entry in session.ledger.entries(run.id)]

    async def plan(self, rows, **decisions):
        async with self.session("plan") as session:
            order = Order(resource=NAME, source=str(self.file(rows)), decisions=decisions)
            return sorted([one async for one in session.plan(order)], key=lambda one: one.row)

    async def delete(self, rows):
        async with self.session() as session:
            order = Order(resource=NAME, source=str(self.file(rows, "keys.csv")))
            run = await session.delete(order, Guards(confirm=lambda _: True), Stop())
            return run, [entry async for entry in session.ledger.entries(run.id)]

    async def export(self, name="all.csv", **what):
        path = self.folder / name
        async with self.session() as session:
            run = await session.export(Extract(resource=NAME, path=str(path), **what), Stop())
        assert (run.status, run.exit_code) == (RunStatus.COMPLETED, 0)
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def project(tmp_path, monkeypatch, patient):
    """Opens a twin, as `async with project(faults, **what is said to commercetools_api)`."""

    @asynccontextmanager
    async def opened(faults=(), **how):
        async with Sandbox([commercetools_api(**how)], faults=Faults.parse(faults, seed=5)) as sandbox:
            for name, value in environment(sandbox).items():
                monkeypatch.setenv(name, value)
            yield Project(sandbox, tmp_path, patient)

    return opened


def totals(run):
    return run.totals.created, run.totals.updated, run.totals.unchanged, run.totals.failed


async def test_three_thousand_channels_go_in_change_and_come_out_whole(project):
    rows = examples("channels", 3_000)
    async with project() as work:
        path = work.file(rows)
        run, _ = await work.load(path)
        assert totals(run) == (3_000, 0, 0, 0)
        assert len(work.writes) == 3_000
        assert len(work.asked(path="/practice/types")) == 1  # by whichever row needs one, for all
        assert work.sandbox.log.malformed_total == 0

        again, _ = await work.load(path)
        assert (totals(again), again.traffic.sent) == ((0, 0, 3_000, 0), 0)

        for row in rows[:50]:
            row["name.en"] = "Renamed"
        for row in rows[50:100]:
            row["roles"] = "OrderImport"
        for row in rows[100:150]:
            row["geoLocation.latitude"] = "1.5"
        for row in [one for one in rows[200:] if one.get("custom.fields.floors")][:50]:
            row["custom.fields.floors"] = "77"
        edited, _ = await work.load(rows)
        assert totals(edited) == (0, 200, 2_800, 0)
        assert Counter(one.fields for one in work.writes[3_000:]) == {
            ("changeName",): 50, ("setRoles",): 50, ("setGeoLocation",): 50, ("setCustomField",): 50,
        }  # fmt: skip

        before = len(work.asked())
        exported = await work.export()
        pages = work.asked()[before:]
        assert [dict(page.query)["limit"] for page in pages] == ["500"] * 7
        assert (len(exported), len({row["key"] for row in exported})) == (3_000, 3_000)
        ids = [row["id"] for row in exported]
        assert ids != sorted(ids)
        back, _ = await work.load(work.folder / "all.csv")
        assert (totals(back), back.traffic.sent) == ((0, 0, 3_000, 0), 0)
        assert len(work.writes) == 3_200


async def test_a_list_of_drafts_as_other_tools_write_it_is_loaded_as_it_is(project):
    drafts = seed_channels(20)
    async with project() as work:
        path = work.file(drafts, "channels.json")
        run, _ = await work.load(path)
        assert (totals(run), len(work.writes)) == ((20, 0, 0, 0), 20)
        for draft in drafts:
            made = work.channels[draft["key"]]
            assert {name: made[name] for name in ("name", "geoLocation")} == {
                name: draft[name] for name in ("name", "geoLocation")
            }
            assert made.get("custom", {}).get("fields") == draft.get("custom", {}).get("fields")
        again, _ = await work.load(path, ledger="two")
        assert (totals(again), len(work.writes)) == ((0, 0, 20, 0), 20)


HERE = {
    "key": "here",
    "roles": ["Primary"],
    "name": {"en": "Here", "de": "Hier"},
    "description": {"en": "Ours"},
    "address": {"country": "DE", "custom": {"type": {"key": "address-details"}, "fields": {"ramp": True}}},
    "geoLocation": {"type": "Point", "coordinates": [1, 2]},
    "custom": {"type": {"key": "channel-details"}, "fields": {"floors": 3}},
}
BARE = {"key": "bare", "address": {"country": "DE"}}


@pytest.mark.parametrize(
    ("row", "decided", "action"),
    [
        ({"new_key": "there"}, {}, "changeKey"),
        ({"name.en": "There"}, {}, "changeName"),
        ({"name.en": "<clear>"}, {}, "changeName"),
        ({"description.fr": "La"}, {}, "changeDescription"),
        ({"roles": "OrderImport;Primary"}, {}, "setRoles"),
        ({"roles": "OrderImport"}, {"roles": "add"}, "addRoles"),
        ({"key": "bare", "roles": "Primary;InventorySupply"}, {"roles": "add"}, "addRoles"),
        ({"address.country": "DE", "address.city": "Bonn"}, {}, "setAddress"),
        ({"address": "<clear>"}, {}, "setAddress"),
        ({"key": "bare", "custom.type.key": "channel-details"}, {}, "setCustomType"),
        ({"custom.type.key": "channel-strict", "custom.fields.costCentre": "1"}, {}, "setCustomType"),
        ({"custom": "<clear>"}, {}, "setCustomType"),
        ({"custom.fields.floors": "4"}, {}, "setCustomField"),
        ({"custom.fields.floors": "<clear>"}, {}, "setCustomField"),
        (
            {"key": "bare", "address.country": "DE", "address.custom.type.key": "address-details"},
            {},
            "setAddressCustomType",
        ),
        ({"address.country": "DE", "address.custom": "<clear>"}, {}, "setAddressCustomType"),
        ({"address.country": "DE", "address.custom.fields.ramp": "no"}, {}, "setAddressCustomField"),
        ({"address.country": "DE", "address.custom.fields.ramp": "<clear>"}, {}, "setAddressCustomField"),
        ({"geoLocation.longitude": "5", "geoLocation.latitude": "6"}, {}, "setGeoLocation"),
        ({"geoLocation": "<clear>"}, {}, "setGeoLocation"),
    ],
)
async def test_every_action_is_reached_from_a_spreadsheet(project, row, decided, action):
    async with project(channels=[HERE, BARE]) as work:
        rows = [{"key": "here"} | row]
        assert [one.action.value for one in await work.plan(rows, **decided)] == ["update"]
        run, (entry,) = await work.load(rows, **decided)
        assert totals(run) == (0, 1, 0, 0)
        assert [one.fields for one in work.writes] == [(action,)]
        assert entry.message.startswith(f"{action} (version 1 to ")


async def test_the_action_remove_roles_is_reached_from_a_spreadsheet_and_leaves_one(project):
    async with project(channels=[HERE | {"roles": ["Primary", "OrderExport"]}]) as work:
        rows = [{"key": "here", "roles": "OrderExport;OrderImport"}]
        await work.load(rows, roles="remove")
        assert [one.fields for one in work.writes] == [("removeRoles",)]
        (change,) = await work.plan([{"key": "here", "roles": "Primary"}], roles="remove")
        _, (entry,) = await work.load([{"key": "here", "roles": "Primary"}], roles="remove")
        assert (change.action.value, entry.code) == ("refused", "last_role")


async def test_a_plan_lists_roles_only_where_they_change_something(project):
    async with project(channels=[HERE]) as work:
        rows = [{"key": "here", "name.en": "There", "roles": "Primary"}]
        (change,) = await work.plan(rows, roles="add")
        assert [one.field for one in change.differences] == ["name.en"]
        (change,) = await work.plan([rows[0] | {"roles": "OrderImport"}], roles="remove")
        assert [one.field for one in change.differences] == ["name.en"]
        (change,) = await work.plan([rows[0] | {"roles": "Primary;OrderImport"}], roles="add")
        assert [(one.field, one.message) for one in change.differences] == [("roles", "roles add"), ("name.en", None)]


async def test_a_plan_tells_what_goes_as_a_whole_and_what_cannot_go(project):
    texts = {"name.en": "Here", "name.de": "Hier", "description.en": "A place"}
    async with project() as work:
        await work.load([{"key": "here", **texts, "address.country": "DE", "address.city": "Ulm"}], ledger="plan")
        rows = [{"key": "here", "name.en": "<clear>", "description.en": "<clear>", "address": "<clear>"}]
        (change,) = await work.plan(rows)
        await work.load(rows)
        left = work.channels["here"]
    told = {one.field: one for one in change.differences}
    name, text, address = told.pop("name.en"), told.pop("description.en"), told.pop("address")
    assert (name.old, name.new, name.message) == ("Here", None, None)
    assert (text.old, text.new, text.message) == ("A place", "A place", "it cannot be removed, so it stays")
    assert (address.old["city"], address.new, told) == ("Ulm", None, {})
    assert (left["name"], left["description"]) == ({"de": "Hier"}, {"en": "A place"})
    assert "address" not in left


async def test_a_plan_asks_whatever_the_import_would_ask_before_it_writes(project):
    rows = [{"key": "old", "new_key": "here"}, {"key": "older", "new_key": "here", "name.en": "Now"},
            {"key": "none", "new_key": "nowhere"}, {"key": "bare", "custom.fields.floors": "1"}]  # fmt: skip
    async with project(channels=[HERE, BARE]) as work:
        planned = [one.action.value for one in await work.plan(rows)]
        assert planned == ["unchanged", "update", "refused", "refused"]
        _, entries = await work.load(rows)
        done = [one.outcome or one.code or one.status.value for one in entries]
        assert done == ["unchanged", "updated", "not_found", "no_type"]


async def test_a_plan_remarks_upon_unusual_keys_and_a_question_or_deletion_does_not(project):
    async with project() as work:
        rows = [{"key": "a b", "version": "x"}]
        await work.plan([{"key": "a b"}])
        assert [note for note in work.notes if "'a b'" in note]
        work.notes.clear()
        async with work.session() as session:
            order = Order(resource=NAME, source=str(work.file(rows)))
            found = [one.exists async for some in session.exists(order) for one in some]
        assert found == [False]  # a version is of no account
        _, (entry,) = await work.delete([{"key": "a b"}])
        assert (entry.status, work.notes) == (Status.UNCHANGED, [])


async def test_without_anything_remembered_channels_are_read_in_bulk_and_nothing_is_written(project):
    drafts = seed_channels(300)
    async with project(channels=drafts) as work:
        for source in (work.file(drafts, "channels.json"), await work.export("all.csv") and work.folder / "all.csv"):
            before = len(work.asked())
            run, _ = await work.load(source, ledger=source.stem)
            assert totals(run) == (0, 0, 300, 0)
            assert (work.writes, len(work.asked()) - before) == ([], 2)


async def test_two_imports_racing_on_the_same_keys_lose_no_update(project):
    keys = [f"k-{number}" for number in range(60)]
    async with project(channels=[{"key": key, "name": {"de": "Alt"}} for key in keys]) as work:
        one = work.file([{"key": key, "name.en": f"Name of {key}", "name.de": "Alt"} for key in keys], "one.csv")
        two = work.file([{"key": key, "name.fr": f"Nom de {key}", "roles": "Primary"} for key in keys], "two.csv")
        runs = await asyncio.gather(work.load(one, ledger="one"), work.load(two, ledger="two"))
        assert [totals(run) for run, _ in runs] == [(0, 60, 0, 0)] * 2
        for key in keys:
            assert work.channels[key]["name"] == {"de": "Alt", "en": f"Name of {key}", "fr": f"Nom de {key}"}
            assert work.channels[key]["roles"] == ["Primary"]


@pytest.mark.parametrize("faults", [["500:15%"], ["502:10%", "503:10%"], ["reset_after:20%"]])
@leaping
async def test_updates_under_faults_are_all_made(project, faults):
    keys = [f"k-{number}" for number in range(40)]
    async with project(faults, channels=[{"key": key} for key in keys]) as work:
        work.clock = LoopClock()
        run, entries = await work.load([{"key": key, "name.en": key} for key in keys])
        assert {(entry.status, entry.outcome) for entry in entries} == {(Status.SUCCEEDED, "updated")}
        assert run.totals.closes
        assert all(work.channels[key]["name"] == {"en": key} for key in keys)
        assert sum(one.status == 200 and one.applied for one in work.sandbox.log.requests()) <= 40


@pytest.mark.parametrize("bodies", ["html", "empty", "foreign"])
async def test_answers_that_are_no_json_are_borne(project, bodies):
    async with project(["502:10%", "500:10%"], error_bodies=bodies) as work:
        run, _ = await work.load(examples("channels", 20))
        assert totals(run) == (20, 0, 0, 0)


async def test_long_keys_are_looked_up_within_the_length_of_an_address(project):
    keys = [f"{number} {'Straße & ' * 25}" for number in range(60)]
    async with project(channels=[{"key": key.strip()} for key in keys]) as work:
        run, _ = await work.load([{"key": key.strip(), "roles": "InventorySupply"} for key in keys])
        assert totals(run) == (0, 0, 60, 0)
        assert {one.status for one in work.asked()} == {200}


async def test_types_without_the_right_to_view_them_are_exported_by_id_and_come_back_unchanged(project):
    rows = [row | {"custom.fields.floors": None, "address.custom.type.key": None, "address.custom.fields.ramp": None}
            for row in examples("channels", 12)]  # fmt: skip
    scopes = ("view_channels", "manage_channels")
    async with project(scopes=scopes, channels=seed_channels(3)) as work:
        run, _ = await work.load(rows)
        assert totals(run) == (9, 0, 3, 0)
        exported = await work.export()
        assert {row["custom.type.id"] for row in exported} > {""}
        assert "custom.type.key" not in exported[0]
        run, _ = await work.load(work.folder / "all.csv", ledger="two")
        assert totals(run) == (0, 0, 12, 0)
        assert not any(secret in (work.folder / "all.csv").read_text() for secret in SECRETS)


async def test_a_missing_right_stops_the_run_and_is_named(project):
    async with project(scopes=("view_channels",)) as work:
        run, _ = await work.load([{"key": key} for key in "abcdef"])
        assert (run.status, run.exit_code, run.totals.not_tried) == (RunStatus.STOPPED, 77, 6)
        assert "manage_channels" in run.reason


async def test_modes_and_roles_are_decided(project):
    async with project(channels=[{"key": "a", "roles": ["Primary"]}]) as work:
        rows = [{"key": "a", "roles": "OrderExport"}, {"key": "b", "roles": "OrderExport"}]
        run, (_, made) = await work.load(rows, mode="create")
        assert (totals(run), made.outcome) == ((1, 0, 0, 1), "created")
        run, _ = await work.load([{"key": "a", "roles": "OrderExport"}, {"key": "c"}], mode="update", roles="add")
        assert totals(run) == (0, 1, 0, 1)
        assert set(work.channels["a"]["roles"]) == {"Primary", "OrderExport"}
        assert "c" not in work.channels
        run, _ = await work.load([{"key": "a", "roles": "Primary"}], roles="remove")
        assert (totals(run), work.channels["a"]["roles"]) == ((0, 1, 0, 0), ["OrderExport"])
        run, _ = await work.load([{"key": "a", "roles": "Primary"}])
        assert (totals(run), work.channels["a"]["roles"]) == ((0, 1, 0, 0), ["Primary"])


async def test_a_channel_is_renamed_cleared_and_given_back_what_it_had(project):
    async with project(channels=seed_channels(9)) as work:
        key = "boston-0009"
        name = work.channels[key]["name"]
        run, (entry,) = await work.load(
            [{"key": key, "new_key": "hub", "address": "<clear>", "geoLocation": "<clear>", "custom": "<clear>"}]
        )
        assert totals(run) == (0, 1, 0, 0)
        assert entry.message.startswith("changeKey, setAddress, setGeoLocation, setCustomType (version ")
        assert set(work.channels["hub"]) & {"address", "geoLocation", "custom"} == set()
        assert key not in work.channels
        again, _ = await work.load(
            [{"key": key, "new_key": "hub", "address": "<clear>", "geoLocation": "<clear>", "custom": "<clear>"}],
            ledger="two",
        )
        assert totals(again) == (0, 0, 1, 0)
        run, (entry,) = await work.load(
            [{"key": "hub", "address.country": "US", "name.en": "<clear>", "name.de": "<clear>"}]
        )
        assert totals(run) == (0, 1, 0, 0)
        assert work.channels["hub"]["address"]["country"] == "US"
        assert work.channels["hub"]["name"] == name
        assert "a name cannot be removed" in entry.message


async def test_what_the_api_refuses_is_told_on_its_column(project):
    async with project() as work:
        _, (entry,) = await work.load(
            [{"key": "a", "custom.type.key": "channel-details", "custom.fields.size": "huge"}]
        )
        assert (entry.status, entry.code) == (Status.FAILED, "InvalidField")
        assert entry.violations[0].column == "custom.fields.size"
        assert json.loads(entry.response)["correlationId"].startswith("practice-")
        _, (entry,) = await work.load([{"key": "b", "custom.type.key": "nowhere"}])
        assert entry.code == "ReferencedResourceNotFound"


async def test_an_export_may_be_narrowed_by_a_predicate_and_by_time(project):
    async with project(channels=seed_channels(20)) as work:
        rows = await work.export("de.csv", where=['address(country="DE") and roles contains any ("Primary")'])
        expected = {
            key for key, one in work.channels.items()
            if one["address"]["country"] == "DE" and "Primary" in one["roles"]
        }  # fmt: skip
        assert {row["key"] for row in rows} == expected
        assert len(await work.export("all.csv", last=True)) == 20
        await work.load([{"key": "lyon-0001", "name.en": "Now"}, {"key": "new"}])
        changed = await work.export("new.csv", last=True)
        assert "new" in {row["key"] for row in changed}


async def test_channels_are_deleted_and_looked_for(project):
    async with project(channels=seed_channels(6), referenced={"lyon-0001": "inventory-entry"}) as work:
        keys = list(work.channels)
        async with work.session() as session:
            order = Order(resource=NAME, source=str(work.file([{"key": one} for one in [*keys, "nowhere"]])))
            found = [one.exists async for some in session.exists(order) for one in some]
            assert found == [True] * 6 + [False]
            assert (await session.get(NAME, keys[0]))["key"] == keys[0]
            with pytest.raises(NotFoundError):
                await session.get(NAME, "nowhere")
        exported = await work.export()
        await work.load([{"key": exported[0]["key"], "name.en": "Changed meanwhile"}])
        stale, fresh, *_ = exported
        _, entries = await work.delete([*exported[:3], {"key": "nowhere"}])
        told = {entry.key: (entry.status, entry.code or entry.outcome) for entry in entries}
        assert told[stale["key"]] == (Status.FAILED, "conflict")
        assert told[fresh["key"]] == (Status.SUCCEEDED, "deleted")
        assert told["nowhere"] == (Status.UNCHANGED, None)
        assert fresh["key"] not in work.channels


async def test_what_is_referred_to_cannot_be_deleted(project):
    async with project(channels=[{"key": "held"}, {"key": "free"}], referenced={"held": "inventory-entry"}) as work:
        _, entries = await work.delete([{"key": "held"}, {"key": "free"}])
        assert [(one.status, one.code) for one in entries] == [
            (Status.FAILED, "ReferenceExists"), (Status.SUCCEEDED, None),
        ]  # fmt: skip
        assert set(work.channels) == {"held"}


async def test_deletions_whose_answers_are_lost_are_done(project):
    keys = [f"k-{number}" for number in range(30)]
    async with project(["reset_after:30%"], channels=[{"key": key} for key in keys]) as work:
        _, entries = await work.delete([{"key": key} for key in keys])
        assert {(one.status, one.outcome) for one in entries} == {(Status.SUCCEEDED, "deleted")}
        assert work.channels == {}
