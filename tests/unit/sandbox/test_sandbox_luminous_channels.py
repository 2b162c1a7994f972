"""Everything that can be done to channels, beyond taking and refusing bodies."""

import json

import pytest

from bulk.connectors.luminous.sandbox import SECRETS, seed_channels
from bulk.connectors.luminous.sandbox.requests import key
from bulk.sandbox import Call

SALES = {"channelType": "sales_channel", "warehouseGroupId": 3}
SEEDS = [
    {**SALES, "id": 7, "label": "Open", "description": "old", "tagIds": [4]},
    {**SALES, "id": 8, "label": "Locked", "apiLocked": True},
    {**SALES, "id": 9, "label": "Disabled", "enabled": False},
]


@pytest.fixture
def three(twin):
    return twin(channels=SEEDS)


def ask(subject, method, path, document=None):
    """Status and document of an answer."""
    body = b"" if document is None else json.dumps(document).encode()
    answer = subject.ask(method, path, body=body)
    return answer.status, json.loads(answer.body) if answer.body else None


def put(subject, id, document):
    """The channel in the answer to a body that must be taken."""
    status, answer = ask(subject, "PUT", f"/channels/{id}", document)
    assert status == 200, answer
    return answer["data"]


def post(subject, **fields):
    return ask(subject, "POST", "/channels", {**SALES, **fields})


def labels(subject, *query):
    return [channel["label"] for channel in subject.read("/channels", *query)["data"]]


def test_creates_with_201_a_channel_that_is_not_locked(twin):
    status, answer = post(twin(), label="New")
    channel = answer["data"]
    assert (status, channel["id"], channel["label"], channel["channelType"]) == (201, 1, "New", "sales_channel")
    assert (channel["apiLocked"], channel["enabled"], channel["createdAt"]) == (False, True, 1_700_000_000)


def test_the_status_of_a_creation_may_be_200(twin):
    assert post(twin(created_status=200), label="New")[0] == 200


def test_an_update_keeps_what_it_leaves_out_although_it_is_put(three):
    three.now += 60
    channel = put(three, 7, {"isCustomerSpecific": True})
    assert (channel["label"], channel["description"], channel["isCustomerSpecific"]) == ("Open", "old", True)
    assert channel["updatedAt"] - channel["createdAt"] == 60


def test_null_clears(three):
    assert put(three, 7, {"description": None})["description"] is None


@pytest.mark.parametrize(("choice", "ids"), [("replace", [5]), ("add", [4, 5])])
def test_tags_replace_or_add(twin, choice, ids):
    assert [tag["id"] for tag in put(twin(channels=SEEDS, tags=choice), 7, {"tagIds": [5]})["tags"]] == ids


def test_what_was_written_under_other_names_is_shown_in_the_mappings(three):
    body = {"pullOrdersFromOms": True, "pullOrderAppIntegrationAccountId": 12, "pullOrderOmsStoreId": "007"}
    channel = put(three, 7, body)
    mapping = channel["pullOrderIntegrationMapping"]
    assert (mapping["accountId"], mapping["storeId"]) == (12, "007")
    assert channel["channelIntegrationMapping"] == [mapping]
    assert mapping["account"]["api_key"] in SECRETS
    assert not set(body) - {"pullOrdersFromOms"} & set(channel)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/channels/8", {"description": "x"}),
        ("PUT", "/channels/8", {"channelType": "sales_channel"}),
        ("DELETE", "/channels/8", None),
        ("POST", "/channels/8/integration-products", {"items": [{}]}),
    ],
)
def test_a_locked_channel_is_403_and_stays_as_it_is(three, method, path, body):
    before = three.state()
    assert ask(three, method, path, body)[0] == 403
    assert three.state() == before


def test_a_locked_channel_can_be_read(three):
    assert three.read("/channels/8")["data"]["apiLocked"] is True


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/channels/99", None),
        ("GET", "/channels/x", None),
        ("PUT", "/channels/99", {}),
        ("PATCH", "/channels/99/lock", {"apiLocked": True}),
        ("DELETE", "/channels/99", None),
        ("POST", "/channels/99/integration-products", {"items": []}),
    ],
)
def test_an_unknown_id_is_404(three, method, path, body):
    status, answer = ask(three, method, path, body)
    assert (status, answer["message"]) == (404, f"Channel {path.split('/')[2]} not found.")


def test_a_lock_goes_one_way(three):
    assert ask(three, "PATCH", "/channels/7/lock", {"apiLocked": False})[0] == 422
    assert ask(three, "PATCH", "/channels/7/lock", {})[0] == 422
    assert put(three, 7, {})["apiLocked"] is False
    status, answer = ask(three, "PATCH", "/channels/7/lock", {"apiLocked": True})
    assert (status, answer["data"]["apiLocked"]) == (200, True)
    assert ask(three, "PATCH", "/channels/7/lock", {"apiLocked": False})[0] == 422
    assert ask(three, "PUT", "/channels/7", {})[0] == 403


def test_a_deleted_channel_is_gone_and_its_label_free(three):
    assert ask(three, "DELETE", "/channels/7") == (200, {"message": "Channel deleted."})
    assert ask(three, "GET", "/channels/7")[0] == 404
    status, answer = post(three, label="Open")
    assert (status, answer["data"]["id"]) == (201, 10)


def test_a_deletion_may_be_answered_with_nothing(twin):
    assert ask(twin(channels=SEEDS, deletion="empty"), "DELETE", "/channels/7") == (204, None)


def test_integration_products_are_kept_up_to_500_a_call(three):
    items = [{"sku": f"S{n}"} for n in range(501)]
    assert ask(three, "POST", "/channels/7/integration-products", {"items": items[:500]})[0] == 200
    for refused in ({"items": items}, {"items": [1]}, {"items": "x"}, {}):
        status, answer = ask(three, "POST", "/channels/7/integration-products", refused)
        assert (status, list(answer["errors"])) == (422, ["items"])
    assert three.state()["channels"]["Open"]["integrationProducts"] == items[:500]


def test_integration_products_can_come_with_the_creation(twin):
    subject = twin()
    assert post(subject, label="New", integrationProducts=[{"sku": "A"}])[0] == 201
    assert subject.state()["channels"]["New"]["integrationProducts"] == [{"sku": "A"}]


@pytest.mark.parametrize("label", ["Open", "Disabled"])
def test_a_label_that_is_taken_may_be_a_conflict(twin, label):
    subject = twin(channels=SEEDS, label_clash="conflict")
    assert post(subject, label=label)[0] == 409
    assert ask(subject, "PUT", "/channels/7", {"label": label})[0] == (200 if label == "Open" else 409)


def test_labels_may_ignore_case(twin):
    assert post(twin(channels=SEEDS), label="OPEN")[0] == 201
    assert post(twin(channels=SEEDS, label_ignores_case=True), label="OPEN")[0] == 422


def test_a_changed_label_frees_the_old_one(three):
    put(three, 7, {"label": "Renamed"})
    assert post(three, label="Open")[0] == 201


def test_the_conditions_of_a_creation_hold_for_the_merged_record_only_where_switched_on(twin):
    body = {"pullOrdersFromOms": True}
    assert put(twin(channels=SEEDS), 7, body)["pullOrdersFromOms"] is True
    strict = twin(channels=SEEDS, conditions_on_update=True)
    status, answer = ask(strict, "PUT", "/channels/7", body)
    assert (status, list(answer["errors"])) == (422, ["pullOrderAppIntegrationAccountId"])
    put(strict, 7, {**body, "pullOrderAppIntegrationAccountId": 12})
    put(strict, 7, body)


def test_a_store_must_be_named_where_the_app_works_with_stores(twin):
    subject = twin(store_id_accounts=(12,))
    pull = {"pullOrdersFromOms": True, "pullOrderAppIntegrationAccountId": 12}
    status, answer = post(subject, label="New", **pull)
    assert (status, list(answer["errors"])) == (422, ["pullOrderOmsStoreId"])
    assert post(subject, label="New", **pull, pullOrderOmsStoreId="s")[0] == 201
    push = {"pushOrdersToOms": True, "pushOrderAppIntegrationAccountId": 12}
    status, answer = post(subject, label="Other", channelType="end_to_end_channel", **push)
    assert (status, list(answer["errors"])) == (422, ["pushOrderOmsStoreId"])


def test_orders_may_be_taken_in_a_direction_that_is_not_meant(twin):
    fields = {"pushOrdersToOms": True, "pushOrderAppIntegrationAccountId": 12}
    assert post(twin(), label="New", **fields)[0] == 422
    assert post(twin(misdirected="take"), label="New", **fields)[0] == 201


def test_a_dropship_channel_may_have_to_name_its_supplier(twin):
    assert post(twin(), label="New", isDropship=True)[0] == 201
    strict = twin(dropship_supplier_required=True)
    assert list(post(strict, label="New", isDropship=True)[1]["errors"]) == ["dropshipSupplierId"]
    assert post(strict, label="New", isDropship=True, dropshipSupplierId=5)[0] == 201


def test_unknown_ids_may_be_refused(twin):
    subject = twin(channels=SEEDS, unknown_references="refuse")
    status, answer = post(subject, label="New", warehouseGroupId=77, tagIds=[4, 78], dropshipSupplierId=79)
    assert (status, list(answer["errors"])) == (422, ["warehouseGroupId", "dropshipSupplierId", "tagIds.1"])
    assert post(subject, label="New", tagIds=[4])[0] == 201


def test_the_list_pages_sorts_and_filters(three):
    answer = three.read("/channels", ("per_page", "2"), ("page", "2"))
    assert ([each["id"] for each in answer["data"]], answer["meta"]["total"], answer["meta"]["last_page"]) == (
        [9],
        3,
        2,
    )
    assert labels(three, ("sort", "label:asc")) == ["Disabled", "Locked", "Open"]
    assert labels(three, ("label", "Locked")) == ["Locked"]
    assert labels(three, ("label[in]", "Locked,Open"), ("apiLocked", "false")) == ["Open"]
    assert labels(three, ("enabled", "false")) == ["Disabled"]
    assert labels(three, ("warehouseGroupId[gte]", "4")) == []


def test_the_list_of_channels_is_filtered_refuses_filters_or_ignores_them(twin):
    assert labels(twin(channels=SEEDS, channel_filters="ignore"), ("label", "Locked")) == ["Open", "Locked", "Disabled"]
    answer = twin(channels=SEEDS, channel_filters="refuse").ask("GET", "/channels", ("label", "Locked"))
    assert (answer.status, answer.malformed, list(json.loads(answer.body)["errors"])) == (422, None, ["label"])


@pytest.mark.parametrize("name", ["q", "id", "credentials", "label[gt]"])
def test_unknown_filters_of_channels_are_malformed(three, name):
    answer = three.ask("GET", "/channels", (name, "1"))
    assert (answer.status, answer.malformed is not None) == (422, True)


def test_blank_text_may_be_taken_for_null(twin):
    subject = twin(channels=SEEDS, blank_is_null=True)
    assert put(subject, 7, {"description": " "})["description"] is None
    assert put(subject, 7, {"label": " Trimmed "})["label"] == "Trimmed"
    assert ask(subject, "PUT", "/channels/7", {"label": " "})[0] == 422


@pytest.mark.parametrize(
    ("method", "path", "body", "named"),
    [
        ("PUT", "/channels/7", b'{"label": "L"}', "7"),
        ("DELETE", "/channels/7", b"", "7"),
        ("PATCH", "/channels/7/lock", b"{", "7"),
        ("POST", "/channels", b'{"label": "L"}', "L"),
        ("POST", "/channels", b"{", None),
        ("GET", "/channels/7", b"", None),
    ],
)
def test_the_key_of_a_request_is_the_id_of_the_channel_else_its_label(method, path, body, named):
    assert key(Call(method=method, path=path, body=body)) == named


def test_state_is_equal_whatever_the_order_of_writes(twin):
    first, second = twin(), twin()
    for subject, names in ((first, "AB"), (second, "BA")):
        for label in names:
            post(subject, label=label)
        subject.now += 500
    assert first.state() == second.state()
    put(second, 1, {"description": "x"})
    assert first.state() != second.state()


def test_seeded_channels_pass_the_rules_of_a_creation_and_are_repeatable(twin):
    channels = seed_channels(100, locked=15, disabled=5)
    assert channels == seed_channels(100, locked=15, disabled=5) != seed_channels(100, seed=1)
    assert sum("apiLocked" in each for each in channels) == 15
    assert sum("enabled" in each for each in channels) == 5
    assert sum("apiLocked" in each for each in seed_channels(100)) == 10
    subject = twin()
    for channel in channels:
        writable = {name: value for name, value in channel.items() if name not in {"id", "apiLocked", "enabled"}}
        assert ask(subject, "POST", "/channels", writable)[0] == 201
