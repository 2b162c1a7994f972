"""Luminous's conversations over real sockets, against the twin: nothing is lost, doubled or leaked on any of its ways."""

import json
import random
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from leaping import Impatient

from bulk.connectors.luminous import CHANNELS, CONNECTOR, PRODUCTS
from bulk.connectors.luminous.sandbox import SECRETS, luminous_api, seed_channels, seed_products
from bulk.contracts import Page, Query
from bulk.errors import ApiError, FatalError, RefusedError
from bulk.http.auth import Bearer
from bulk.http.client import Client
from bulk.http.conversation import Conversation
from bulk.http.pace import Pace
from bulk.model import Limits, Record
from bulk.sandbox import Fault, Faults, Sandbox

NEW = {"channelType": "sales_channel", "label": "East", "warehouseGroupId": 3}


class Desk:
    """Holds conversations with a running twin."""

    def __init__(self, sandbox, client):
        self.log = sandbox.log
        self.state = lambda: sandbox.state()["luminous"]
        self._client = client

    async def upsert(self, document, resource=CHANNELS, key="East", **more):
        payload = json.dumps(document, separators=(",", ":"))
        return await self.ask(resource.upsert(Record(row=2, key=key, payload=payload, digest=b"", **more)))

    async def ask(self, conversation):
        return await Conversation(self._client).hold(conversation)

    async def walk(self, walk):
        """Pages of a listing; it is driven as an export drives it."""
        pages, step = [], next(walk, None)
        while step is not None:
            if isinstance(step, Page):
                pages.append(step)
                step = next(walk, None)
                continue
            try:
                response = await self._client.send(step)
            except ApiError as error:
                step = walk.throw(error)
            else:
                step = walk.send(response)
        return pages

    def writes(self):
        return [one for one in self.log.requests() if one.method in {"POST", "PUT", "PATCH"}]


@asynccontextmanager
async def desk(faults=None, read_timeout=30.0, **twin):
    clock = Impatient()
    limits = Limits(read_timeout=read_timeout, patience=20)
    async with Sandbox([luminous_api(**twin)], faults=faults) as sandbox:
        client = Client(
            sandbox.url("luminous"),
            auth=Bearer("sandbox-t0ken"),
            pace=Pace(None, clock=clock),
            limits=limits,
            explain=CONNECTOR.explain,
            clock=clock,
            rng=random.Random(1),
        )
        async with client:
            yield Desk(sandbox, client)


async def test_an_update_changes_what_is_sent_and_nothing_else():
    async with desk(channels=seed_channels(3, locked=0)) as at:
        before = at.state()["channels"]
        outcome = await at.upsert({"id": 2, "description": None, "tagIds": [5]}, key="2")
        assert (outcome.outcome, outcome.remote_id) == ("updated", "2")
        after = at.state()["channels"]
        changed = [label for label in before if before[label] != after[label]]
        (label,) = changed
        differing = {name for name in after[label] if after[label][name] != before[label][name]}
        assert {"description"} <= differing <= {"description", "tagIds", "tags"}
        assert at.log.malformed_total == 0


async def test_a_locked_channel_is_refused_as_such_however_it_is_found_out():
    async with desk(channels=[{**NEW, "id": 7, "apiLocked": True}]) as at:
        for current, requests in (({"id": 7, "apiLocked": True}, 0), (None, 1)):
            at.log.reset()
            with pytest.raises(RefusedError) as refused:
                await at.upsert({"id": 7, "label": "West"}, key="7", current=current)
            assert (refused.value.code, at.log.total <= requests + 1, len(at.writes())) == ("locked", True, requests)
        assert set(at.state()["channels"]) == {"East"}


async def test_an_unknown_id_is_not_found_and_creates_nothing():
    async with desk() as at:
        with pytest.raises(RefusedError) as refused:
            await at.upsert({"id": 7, "label": "West"}, key="7")
        assert refused.value.code == "not_found"
        assert not at.state()["channels"]


@pytest.mark.parametrize("status", [200, 201])
async def test_a_row_without_an_id_creates_a_channel_once(status):
    async with desk(created_status=status) as at:
        outcome = await at.upsert(NEW)
        assert (outcome.outcome, set(at.state()["channels"])) == ("created", {"East"})
        with pytest.raises(RefusedError) as refused:
            await at.upsert(NEW)
        assert refused.value.code == "label_taken"
        assert len(at.writes()) == 1
        again = await at.upsert(NEW, repeated=True)
        assert (again.outcome, again.remote_id) == ("created", outcome.remote_id)


LOST = ["500_after", "reset_after", "truncated", "not_object", "not_json", "hang_after"]


@pytest.mark.parametrize("kind", LOST)
async def test_a_create_whose_answer_is_lost_happens_once_all_the_same(kind):
    faults = Faults([Fault(kind=kind, key="East", first=1)])
    async with desk(faults, read_timeout=0.2, channels=seed_channels(150)) as at:
        outcome = await at.upsert(NEW, current={})
        assert outcome.outcome == "created"
        assert len([label for label in at.state()["channels"] if label == "East"]) == 1
        assert [one.applied for one in at.writes()] == [True]
        assert outcome.remote_id is not None


@pytest.mark.parametrize("kind", ["reset_before", "500", "hang"])
async def test_a_create_that_never_arrived_is_sent_once_more(kind):
    faults = Faults([Fault(kind=kind, key="East", first=1)])
    async with desk(faults, read_timeout=0.2, channels=seed_channels(5)) as at:
        outcome = await at.upsert(NEW, current={})
        assert outcome.outcome == "created"
        assert [one.applied for one in at.writes()] == [False, True]


async def test_a_create_that_is_unclear_twice_is_settled_by_the_label():
    faults = Faults(
        [
            Fault(kind="reset_before", key="East", at=frozenset({1})),
            Fault(kind="reset_after", key="East", at=frozenset({2})),
        ]
    )
    async with desk(faults, channels=seed_channels(5)) as at:
        assert (await at.upsert(NEW, current={})).outcome == "created"
        assert [one.applied for one in at.writes()] == [False, True]


async def test_a_create_that_was_turned_away_at_the_door_is_simply_sent_again():
    async with desk(Faults([Fault(kind="429", key="East", first=1)])) as at:
        assert (await at.upsert(NEW, current={})).outcome == "created"
        assert [(one.method, one.applied) for one in at.log.requests()] == [("POST", False), ("POST", True)]


WAYS = [
    {},
    {"last_page": False},
    {"meta": False},
    {"sort": "refuse"},
    {"meta": False, "sort": "refuse"},
    {"empty_objects": "array"},
]


@pytest.mark.parametrize("switches", WAYS, ids=str)
async def test_every_channel_is_listed_once_and_found_by_id_and_label(switches):
    channels = seed_channels(250)
    async with desk(channels=channels, **switches) as at:
        pages = await at.walk(CHANNELS.walk(Query(), None))
        assert [one["id"] for page in pages for one in page.records] == list(range(1, 251))
        found = await at.ask(CHANNELS.find("id", ["1", "250", "251"]))
        assert {key: one["id"] for key, one in found.items()} == {"1": 1, "250": 250}
        label = channels[200]["label"]
        assert (await at.ask(CHANNELS.get("label", label.upper())))["id"] == 201
        assert (await at.ask(CHANNELS.get("id", "9")))["id"] == 9


async def test_nothing_secret_leaves_the_connector():
    products = [{**one, "id": number} for number, one in enumerate(seed_products(3, variants=3), 1)]
    async with desk(channels=seed_channels(20), products=products) as at:
        for resource in (CHANNELS, PRODUCTS):
            (page,) = await at.walk(resource.walk(Query(), None))
            raw = json.dumps(list(page.records))
            shown = json.dumps([[resource.read(one), resource.redacted(one)] for one in page.records])
            assert any(secret in raw for secret in SECRETS), "the twin shows some"
            assert not [secret for secret in SECRETS if secret in shown]


@pytest.mark.parametrize("switches", [*WAYS, {"match_alternate_skus": True}, {"weight_shape": "mixed"}], ids=str)
async def test_every_product_is_listed_once_and_found_by_its_own_sku_only(switches):
    products = seed_products(230)
    skus = [one["sku"] for one in products]
    async with desk(
        products=products, alternate_skus={skus[0]: ["ALT-1", "X,Y"]}, inactive=[skus[5]], **switches
    ) as at:
        pages = await at.walk(PRODUCTS.walk(Query(), None))
        assert [one["sku"] for page in pages for one in page.records] == skus
        found = await at.ask(PRODUCTS.find("sku", [*skus[:150], "ALT-1", "X,Y", "NONE"]))
        assert list(found) == skus[:150]
        assert all(found[sku]["sku"] == sku for sku in found)
        assert at.log.malformed_total == 0


@pytest.mark.parametrize(
    "query", [Query(fast=True), Query(since=datetime(1970, 1, 1, tzinfo=UTC))], ids=["fast", "since"]
)
@pytest.mark.parametrize("count", [0, 3, 1000, 1001])
async def test_the_export_gives_every_active_product(query, count):
    products = seed_products(count)
    inactive = [one["sku"] for one in products[:1]]
    async with desk(products=products, inactive=inactive) as at:
        pages = await at.walk(PRODUCTS.walk(query, None))
        records = [one for page in pages for one in page.records]
        assert {one["sku"] for one in records} == {one["sku"] for one in products[1:]}
        assert all(("category" in one) is (not query.fast) for one in records)
        assert all("landed_cost" in one for one in records)
        assert at.log.malformed_total == 0


@pytest.mark.parametrize("query", [Query(), Query(fast=True)], ids=["pages", "cursor"])
async def test_a_listing_that_was_cut_off_goes_on_after_any_page(query):
    async with desk(products=seed_products(2100)) as at:
        pages = await at.walk(PRODUCTS.walk(query, None))
        skus = [[one["sku"] for one in page.records] for page in pages]
        for number in (0, len(pages) - 2, len(pages) - 1):
            rest = await at.walk(PRODUCTS.walk(query, pages[number].resume))
            assert [[one["sku"] for one in page.records] for page in rest] == skus[number + 1 :]


@pytest.mark.parametrize("mode", ["replace", "merge"])
@pytest.mark.parametrize("shape", ["pairs", "labelled", "object"])
@pytest.mark.parametrize("weights", ["array", "compound", "object", "string"])
async def test_one_price_of_one_variant_changes_nothing_else_that_luminous_shows(mode, shape, weights):
    (product,) = seed_products(1, variants=1)
    switches = {"variants": mode, "custom_fields": mode, "variant_custom_fields": shape, "weight_shape": weights}
    async with desk(products=[product], **switches) as at:
        before = await at.ask(PRODUCTS.get("sku", product["sku"]))
        skus = [one["sku"] for one in product["variants"]]
        document = {
            "sku": product["sku"],
            "variants": [{"sku": skus[0], "retail_price": 1.25}, *({"sku": sku} for sku in skus[1:])],
        }
        outcome = await at.upsert(document, PRODUCTS, product["sku"])
        assert "may have been reset" in outcome.message
        after = await at.ask(PRODUCTS.get("sku", product["sku"]))
        old, new = PRODUCTS.read(before), PRODUCTS.read(after)
        for one in (old, new):
            one["variants"] = [
                {name: value for name, value in each.items() if name != "updated_at"} for each in one["variants"]
            ]
            one.pop("updated_at")
        old["variants"][0]["retail_price"] = 1.25
        assert new == old
        assert at.log.malformed_total == 0


async def test_a_variant_that_the_file_lacks_keeps_its_parent_back():
    (product,) = seed_products(1, variants=1)
    async with desk(products=[product]) as at:
        before = at.state()
        kept = [{"sku": one["sku"]} for one in product["variants"][1:]]
        with pytest.raises(RefusedError, match=product["variants"][0]["sku"]):
            await at.upsert({"sku": product["sku"], "variants": kept}, PRODUCTS, product["sku"])
        assert (at.state(), at.writes()) == (before, [])
        await at.upsert({"sku": product["sku"], "variants": kept}, PRODUCTS, product["sku"], confirmed=True)
        assert [one["sku"] for one in at.state()["products"][product["sku"]]["variants"]] == [
            one["sku"] for one in kept
        ]


@pytest.mark.parametrize("kind", [None, "reset_after", "500_after"])
async def test_a_product_that_vanished_comes_back_whole(kind):
    whole = {"sku": "A-1", "name": "Boots", "retail_price": 9.5, "description": "Warm"}
    faults = Faults([Fault(kind=kind, key="A-1", first=1)]) if kind else None
    async with desk(faults) as at:
        outcome = await at.upsert(
            {"sku": "A-1", "retail_price": 9.5}, PRODUCTS, "A-1", whole=json.dumps(whole, separators=(",", ":"))
        )
        assert outcome.outcome == "created"
        shown = at.state()["products"]["A-1"]
        assert {name: shown[name] for name in whole} == whole


async def test_a_missing_right_is_not_taken_for_a_lock():
    async with desk(Faults([Fault(kind="401", first=1)]), channels=seed_channels(2, locked=0)) as at:
        with pytest.raises(FatalError):
            await at.upsert({"id": 1, "label": "West"}, key="1")
