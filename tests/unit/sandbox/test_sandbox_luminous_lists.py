"""GET /products and GET /products/export."""

import json

import pytest

from bulk.connectors.luminous.sandbox import showcase

SEEDS = [
    {"sku": "A", "name": "Red mug", "upc": "0001", "retail_price": 5, "category": {"name": "Cups"}, "tags": ["hot"]},
    {"sku": "B", "name": "Blue mug", "retail_price": 10, "sellable": False, "box_weight": {"unit": "lb", "value": 2}},
    {"sku": "C,1", "name": "Lamp", "retail_price": None, "supplier_id": 4, "boms": [7]},
]


@pytest.fixture
def three(twin):
    return twin(products=SEEDS, alternate_skus={"B": ["B-ALT"]})


def malformed(subject, path, *query):
    answer = subject.ask("GET", path, *query)
    assert answer.status == 422
    assert answer.malformed
    return list(json.loads(answer.body)["errors"])


def test_pages_of_ten_by_default_with_full_meta(twin):
    subject = twin(products=[{"sku": f"S{n:02}"} for n in range(25)])
    answer = subject.read("/products", ("page", "3"))
    assert [product["sku"] for product in answer["data"]] == [f"S{n}" for n in range(20, 25)]
    assert answer["meta"] == {"current_page": 3, "per_page": 10, "total": 25, "last_page": 3, "from": 21, "to": 25}


def test_a_page_past_the_end_is_empty(three):
    answer = three.read("/products", ("page", "9"))
    assert (answer["data"], answer["meta"]["from"], answer["meta"]["last_page"]) == ([], None, 1)


def test_meta_may_lack_last_page(twin):
    assert twin(last_page=False).read("/products")["meta"] == {"current_page": 1, "per_page": 10, "total": 0}


def test_lists_may_lack_meta(twin):
    assert twin(products=SEEDS, meta=False).read("/products", ("page", "2"), ("per_page", "2")).keys() == {"data"}


def test_a_page_of_more_than_a_hundred_may_be_cut_to_a_hundred(twin):
    subject = twin(products=[{"sku": f"S{n:03}"} for n in range(101)], per_page_excess="clamp")
    answer = subject.read("/products", ("per_page", "5000"))
    assert (len(answer["data"]), answer["meta"]["per_page"], answer["meta"]["last_page"]) == (100, 100, 2)


def test_lists_go_by_id_whatever_the_order_of_writing(twin):
    subject = twin(products=[{"id": id, "sku": f"S{id}"} for id in (30, 10, 20)])
    assert [subject.skus(("per_page", "2"), ("page", str(page))) for page in (1, 2)] == [["S10", "S20"], ["S30"]]


@pytest.mark.parametrize(
    ("name", "value"), [("page", "0"), ("page", "x"), ("per_page", "0"), ("per_page", "101"), ("per_page", "1.5")]
)
def test_page_numbers_out_of_bounds_are_malformed(three, name, value):
    assert malformed(three, "/products", (name, value)) == [name]


@pytest.mark.parametrize(
    ("name", "value", "skus"),
    [
        ("sku", "A", ["A"]),
        ("sku[eq]", "a", []),
        ("sku", "B-ALT", ["B"]),
        ("sku[contains]", "ALT", ["B"]),
        ("sku[in]", "A,B,Z", ["A", "B"]),
        ("sku[in]", "C,1", []),
        ("sku[eq]", "C,1", ["C,1"]),
        ("sku[notin]", "A,B", ["C,1"]),
        ("sku[neq]", "A", ["B", "C,1"]),
        ("name[contains]", "mug", ["A", "B"]),
        ("name[contains]", "Mug", []),
        ("name[notcontains]", "mug", ["C,1"]),
        ("upc", "0001", ["A"]),
        ("upc[set]", "", ["A"]),
        ("upc[notset]", "", ["B", "C,1"]),
        ("q", "0001", ["A"]),
        ("q", "mug", ["A", "B"]),
        ("category.name", "Cups", ["A"]),
        ("category.id[set]", "", ["A"]),
        ("supplier.id", "4", ["C,1"]),
        ("tag", "hot", ["A"]),
        ("bom.id", "7", ["C,1"]),
        ("retail_price[gt]", "5", ["B"]),
        ("retail_price[lte]", "5", ["A"]),
        ("retail_price[notset]", "", ["C,1"]),
        ("sellable", "false", ["B"]),
        ("box_weight_oz", "32", ["B"]),
        ("type", "KIT", []),
        ("updated_at[gte]", "2023-11-14", ["A", "B", "C,1"]),
        ("updated_at[gt]", "2023-11-14", []),
    ],
)
def test_filters(three, name, value, skus):
    assert three.skus((name, value)) == skus


def test_filters_combine(three):
    assert three.skus(("name[contains]", "mug"), ("retail_price[gt]", "5")) == ["B"]
    assert three.skus(("sku", "A"), ("name", "Lamp")) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("brand", "x"),
        ("id", "2"),
        ("unit_cost", "1"),
        ("sku[like]", "x"),
        ("sku[gt]", "x"),
        ("retail_price[contains]", "1"),
        ("retail_price", "cheap"),
        ("sellable", "maybe"),
        ("updated_at[gt]", "yesterday"),
        ("sku[", "x"),
    ],
)
def test_filters_that_no_page_lists_are_malformed(three, name, value):
    assert malformed(three, "/products", (name, value)) == [name]


def test_sorts_both_ways(three):
    assert three.skus(("sort", "name:asc")) == ["B", "C,1", "A"]
    assert three.skus(("sort", "id:asc")) == ["A", "B", "C,1"]
    assert three.skus(("sort", "id:desc")) == ["C,1", "B", "A"]
    assert three.skus(("sort", "sku:desc"), ("name[contains]", "mug")) == ["B", "A"]


def refused_but_sound(subject, path, *query):
    """The parameters complained about in the answer to a request that breaks no page."""
    answer = subject.ask("GET", path, *query)
    assert (answer.status, answer.malformed) == (422, None)
    return list(json.loads(answer.body)["errors"])


def test_a_filter_by_id_is_a_switch(twin):
    subject = twin(products=SEEDS, id_filter=True)
    assert subject.skus(("id[in]", "1,3")) == ["A", "C,1"]


def test_the_filters_of_the_list_of_prices_are_a_switch(twin):
    subject = twin(products=SEEDS, pricing_filters=False)
    for name in ("created_at", "updated_at", "sellable", "discontinued"):
        assert malformed(subject, "/products", (name, "1")) == [name]


def test_sorting_may_be_refused(twin):
    assert refused_but_sound(twin(sort="refuse"), "/products", ("sort", "id:asc")) == ["sort"]


def test_every_documented_filter_of_products_is_taken(twin):
    texts = ("name", "description", "sku", "upc", "tag", "category.name", "sub_category.name", "supplier.name", "type")
    of = ("product", "box", "carton", "shipping", "pallet")
    numbers = (
        "category.id", "sub_category.id", "supplier.id", "bom.id", "kit_items.product_id", "retail_price",
        "wholesale_price",
        *(f"{each}_{side}" for each in of for side in ("length", "width", "height")),
        *(f"{each}_weight_{unit}" for each in (*of, "dimensional") for unit in ("oz", "lb")),
    )  # fmt: skip
    words = ("eq", "neq", "contains", "notcontains", "in", "notin", "set", "notset")
    order = ("eq", "neq", "gt", "gte", "lt", "lte", "in", "notin", "set", "notset")
    subject = twin(products=SEEDS)
    subject.read("/products", ("q", "x"))
    for names, operators in ((texts, words), (numbers, order)):
        for name in names:
            subject.read("/products", *((f"{name}[{operator}]", "1") for operator in operators), (name, "1"))


def test_kits_are_found_by_their_components(twin):
    subject = twin(products=showcase())
    lamp = next(each["id"] for each in subject.read("/products")["data"] if each["sku"] == "SHOW-LAMP")
    assert subject.skus(("kit_items.product_id", str(lamp))) == ["SHOW-KIT"]
    assert subject.skus(("type", "KIT")) == ["SHOW-KIT"]


def test_alternate_skus_are_found_among_many(twin):
    subject = twin(products=SEEDS, alternate_skus={"B": ["B-ALT"]})
    assert subject.skus(("sku[in]", "B-ALT,A,A")) == ["A", "B"]


@pytest.mark.parametrize("value", ["name", "name:up", "tags:asc", "retail_price:asc", ""])
def test_an_unknown_order_is_malformed(three, value):
    assert malformed(three, "/products", ("sort", value)) == ["sort"]


def pages(subject, limit, since="1970-01-01T00:00:00Z"):
    """Every page of an export."""
    found = [subject.read("/products/export", ("since", since), ("limit", str(limit)))]
    while found[-1]["has_more"]:
        found.append(subject.read("/products/export", ("cursor", found[-1]["next_cursor"]), ("limit", str(limit))))
    assert found[-1]["next_cursor"] is None
    return [[product["sku"] for product in page["data"]] for page in found]


def test_export_orders_ties_by_id_and_loses_none(twin):
    subject = twin(products=[{"sku": f"S{n}"} for n in range(5)])
    assert pages(subject, 2) == [["S0", "S1"], ["S2", "S3"], ["S4"]]


def test_export_orders_by_the_last_change_first(twin):
    subject = twin(products=[{"sku": "A"}, {"sku": "B"}])
    subject.now += 1
    subject.write({"sku": "A"})
    assert pages(subject, 10) == [["B", "A"]]


def test_export_of_an_exact_multiple_ends_with_an_empty_page(twin):
    subject = twin(products=[{"sku": f"S{n}"} for n in range(4)])
    assert pages(subject, 2) == [["S0", "S1"], ["S2", "S3"], []]


def test_export_of_nothing_is_one_empty_page(twin):
    assert pages(twin(), 2) == [[]]


def test_export_holds_a_hundred_by_default(twin):
    subject = twin(products=[{"sku": f"S{n}"} for n in range(101)])
    answer = subject.read("/products/export", ("since", "1970-01-01"))
    assert (len(answer["data"]), answer["has_more"]) == (100, True)


def test_export_skips_inactive_products_that_the_list_has(twin):
    subject = twin(products=SEEDS, inactive={"B"})
    assert pages(subject, 10) == [["A", "C,1"]]
    assert subject.skus() == ["A", "B", "C,1"]


@pytest.mark.parametrize(
    ("since", "skus"),
    [
        ("2023-11-14T22:13:20Z", ["A"]),
        ("2023-11-14 22:13:20", ["A"]),
        ("2023-11-14T23:13:20+01:00", ["A"]),
        ("2023-11-14", ["A"]),
        ("2023-11-14T22:13:20.5Z", []),
        ("2023-11-14T22:13:21Z", []),
    ],
)
def test_export_since_is_inclusive(twin, since, skus):
    assert pages(twin(products=[{"sku": "A"}]), 10, since) == [skus]


def test_export_leaves_out_what_changed_after_its_first_page(twin):
    subject = twin(products=[{"sku": f"S{n}"} for n in range(4)])
    first = subject.read("/products/export", ("since", "1970-01-01"), ("limit", "2"))
    subject.now += 10
    subject.write({"sku": "S3"})
    subject.write({"sku": "NEW"})
    second = subject.read("/products/export", ("cursor", first["next_cursor"]), ("limit", "2"))
    assert [product["sku"] for product in second["data"]] == ["S2"]


def test_export_rows_are_lighter_than_products(twin):
    subject = twin(products=[{"sku": "A", "box_weight": {"unit": "lb", "value": 1}, "boms": [3]}])
    (row,) = subject.read("/products/export", ("since", "1970-01-01"))["data"]
    assert (row["box_weight"], row["boms"], row["landed_cost"]) == ({"unit": "lb", "value": 1}, [{"id": 3}], None)
    assert not {"image_url", "category", "subcategory", "supplier", "attachments", "variants"} & set(row)


def test_export_ignores_q(twin):
    subject = twin(products=[{"sku": "A"}])
    assert len(subject.read("/products/export", ("since", "1970-01-01"), ("q", "/products/export"))["data"]) == 1


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ([], "since"),
        ([("since", "soon")], "since"),
        ([("since", "1970-01-01"), ("cursor", "x")], "since"),
        ([("since", "1970-01-01"), ("since", "1971-01-01")], "since"),
        ([("since", "1970-01-01"), ("limit", "0")], "limit"),
        ([("since", "1970-01-01"), ("limit", "1001")], "limit"),
        ([("since", "1970-01-01"), ("limit", "many")], "limit"),
        ([("since", "1970-01-01"), ("page", "1")], "page"),
        ([("since", "1970-01-01"), ("sku", "A")], "sku"),
        ([("cursor", "")], "cursor"),
        ([("cursor", "bm90aGluZw==")], "cursor"),
        ([("cursor", "é")], "cursor"),
    ],
)
def test_export_refuses_undocumented_queries_as_malformed(three, query, named):
    assert malformed(three, "/products/export", *query) == [named]


def test_export_refuses_a_cursor_that_was_altered(twin):
    subject = twin(products=[{"sku": "A"}, {"sku": "B"}])
    cursor = subject.read("/products/export", ("since", "1970-01-01"), ("limit", "1"))["next_cursor"]
    assert malformed(subject, "/products/export", ("cursor", cursor[:-6] + "AAAA" + cursor[-2:])) == ["cursor"]


def test_a_cursor_may_expire_by_the_clock_of_the_store(twin):
    subject = twin(products=[{"sku": f"S{n}"} for n in range(5)], cursor_seconds=60)
    first = subject.read("/products/export", ("since", "1970-01-01"), ("limit", "2"))
    subject.now += 60
    second = subject.read("/products/export", ("cursor", first["next_cursor"]), ("limit", "2"))
    assert len(second["data"]) == 2
    subject.now += 1
    assert refused_but_sound(subject, "/products/export", ("cursor", first["next_cursor"])) == ["cursor"]
    assert len(subject.read("/products/export", ("cursor", second["next_cursor"]))["data"]) == 1


def test_export_goes_on_behind_a_row_that_has_changed_meanwhile(twin):
    subject = twin(products=[{"sku": f"S{n}"} for n in range(4)])
    first = subject.read("/products/export", ("since", "1970-01-01"), ("limit", "2"))
    subject.now += 10
    subject.write({"sku": "S1"})
    second = subject.read("/products/export", ("cursor", first["next_cursor"]), ("limit", "2"))
    assert [product["sku"] for product in second["data"]] == ["S2", "S3"]


def test_export_rows_are_documented_even_where_products_have_everything(twin):
    rows = twin(products=showcase()).read("/products/export", ("since", "1970-01-01"))["data"]
    assert len({frozenset(row) for row in rows}) == 1
    lamp, kit = rows[1], rows[2]
    assert (lamp["landed_cost"], lamp["boms"], lamp["box_weight_lb"]) == (31.25, [{"id": 71}], 5.5)
    assert lamp["substitutions"][0]["product"]["sku"] == "SHOW-PENDANT"
    assert [set(item) & {"product", "unit_of_measure"} for item in kit["kit_items"]] == [set(), set()]
