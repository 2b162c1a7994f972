"""PATCH /products and GET /products/{id}: what the twin does beyond taking and refusing bodies."""

import json

import pytest

from bulk.connectors.luminous.sandbox import SECRETS, seed_products
from bulk.connectors.luminous.sandbox.requests import key
from bulk.sandbox import Call

JSON = {"Accept": "application/json"}


def test_creates_with_201_and_updates_with_200(twin):
    subject = twin()
    assert [subject.patch({"sku": "A"}).status for _ in range(2)] == [201, 200]


def test_the_status_of_a_creation_may_be_200(twin):
    assert twin(created_status=200).patch({"sku": "A"}).status == 200


def test_the_answer_shows_what_was_written(twin):
    subject = twin()
    product = subject.write(
        {
            "sku": "A", "name": "Mug", "retail_price": 14.95, "upc": "00123", "category": {"name": "Cups"},
            "sub_category_id": 7, "supplier": {"name": "Acme"}, "tags": ["new"], "boms": [3], "custom_fields": {"Color": "Sand"},
        }
    )  # fmt: skip
    assert (product["id"], product["sku"], product["name"], product["retail_price"]) == (1, "A", "Mug", 14.95)
    assert product["upc"] == "00123"
    assert product["category"] == {"id": 1, "name": "Cups"}
    assert product["subcategory"]["id"] == 7
    assert product["supplier"]["name"] == "Acme"
    assert product["supplier"]["routing_number"] in SECRETS
    assert product["tags"] == [{"id": 1, "name": "new", "description": None, "icon": None, "color": None}]
    assert product["boms"][0]["id"] == 3
    assert product["custom_fields"] == {"Color": "Sand"}
    assert product["created_at"] == product["updated_at"] == "2023-11-14T22:13:20Z"


def test_omitted_keys_stay_and_null_clears(twin):
    subject = twin()
    subject.write({"sku": "A", "name": "Mug", "retail_price": 5, "description": "x", "tags": ["t"], "supplier_id": 2})
    product = subject.write({"sku": "A", "description": None, "tags": None, "supplier_id": None})
    assert (product["name"], product["retail_price"], product["description"]) == ("Mug", 5, None)
    assert (product["tags"], product["supplier"]) == ([], None)


def test_an_update_moves_updated_at_and_leaves_created_at(twin):
    subject = twin()
    subject.write({"sku": "A"})
    subject.now += 60
    product = subject.write({"sku": "A"})
    assert (product["created_at"], product["updated_at"]) == ("2023-11-14T22:13:20Z", "2023-11-14T22:14:20Z")


@pytest.mark.parametrize("sent", [None, []])
def test_boms_null_or_empty_detaches_all_of_them(twin, sent):
    subject = twin()
    subject.write({"sku": "A", "boms": [1, 2]})
    assert [bom["id"] for bom in subject.write({"sku": "A", "name": "x"})["boms"]] == [1, 2]
    assert subject.write({"sku": "A", "boms": sent})["boms"] == []


def test_boms_replace_those_attached(twin):
    subject = twin()
    subject.write({"sku": "A", "boms": [1, 2]})
    assert [bom["id"] for bom in subject.write({"sku": "A", "boms": [3]})["boms"]] == [3]


def test_an_unknown_id_is_404_and_creates_nothing(twin):
    subject = twin()
    answer = subject.patch({"id": 99, "name": "x"})
    assert (answer.status, answer.malformed, len(subject.state()["products"])) == (404, None, 0)


def test_an_unknown_id_may_be_invalid_or_create(twin):
    strict = twin(unknown_id="invalid")
    assert (list(strict.errors({"id": 99, "name": "x"})), strict.state()["products"]) == (["id"], {})
    lax = twin(unknown_id="create", products=[{"sku": "A"}])
    assert (lax.write({"id": 99, "name": "x"})["id"], lax.state()["products"]["without SKU 2"]["name"]) == (2, "x")


def test_id_updates_the_product_of_that_id(twin):
    subject = twin(products=[{"id": 40, "sku": "A", "name": "old"}])
    assert subject.write({"id": 40, "name": "new"})["sku"] == "A"
    assert subject.state()["products"]["A"]["name"] == "new"


def test_id_and_sku_may_rename(twin):
    subject = twin(products=[{"id": 1, "sku": "A"}, {"id": 2, "sku": "B"}], id_and_sku="rename")
    assert subject.write({"id": 1, "sku": "C"})["sku"] == "C"
    assert list(subject.state()["products"]) == ["B", "C"]
    assert subject.errors({"id": 1, "sku": "B"}) == {"sku": ["The sku field has already been taken."]}


def test_fields_may_be_required_on_create_only(twin):
    subject = twin(required_on_create=("sku", "name", "category"))
    assert list(subject.errors({"sku": "A"})) == ["name", "category"]
    assert subject.patch({"sku": "A", "name": "x", "category_id": 4}).status == 201
    assert subject.patch({"sku": "A"}).status == 200


@pytest.mark.parametrize(("choice", "tags"), [("replace", ["b"]), ("add", ["a", "b"])])
def test_tags_replace_or_add(twin, choice, tags):
    subject = twin(tags=choice)
    subject.write({"sku": "A", "tags": ["a"]})
    assert [tag["name"] for tag in subject.write({"sku": "A", "tags": ["b"]})["tags"]] == tags


@pytest.mark.parametrize(("choice", "fields"), [("replace", {"y": 2}), ("merge", {"x": 1, "y": 2})])
def test_custom_fields_replace_or_merge(twin, choice, fields):
    subject = twin(custom_fields=choice)
    subject.write({"sku": "A", "custom_fields": {"x": 1}})
    assert subject.write({"sku": "A", "custom_fields": {"y": 2}})["custom_fields"] == fields


@pytest.mark.parametrize(("choice", "left"), [("replace", ["A-2"]), ("merge", ["A-1", "A-2"])])
def test_variants_replace_or_merge_by_sku(twin, choice, left):
    subject = twin(variants=choice)
    subject.write({"sku": "A", "variants": [{"sku": "A-1"}, {"sku": "A-2", "name": "old", "upc": "1"}]})
    variants = subject.write({"sku": "A", "variants": [{"sku": "A-2", "name": "new"}]})["variants"]
    assert [variant["sku"] for variant in variants] == left
    assert (variants[-1]["id"], variants[-1]["name"]) == (2, "new")
    assert variants[-1]["upc"] == (None if choice == "replace" else "1")


@pytest.mark.parametrize(("choice", "count"), [("replace", 0), ("merge", 1)])
@pytest.mark.parametrize("sent", [None, []])
def test_no_variants_remove_all_where_they_replace(twin, choice, count, sent):
    subject = twin(variants=choice)
    subject.write({"sku": "A", "variants": [{"sku": "A-1"}]})
    assert len(subject.write({"sku": "A", "variants": sent})["variants"]) == count


def test_variants_stay_when_omitted(twin):
    subject = twin()
    subject.write({"sku": "A", "variants": [{"sku": "A-1"}]})
    assert len(subject.write({"sku": "A", "name": "x"})["variants"]) == 1


def test_unknown_names_and_ids_are_created_by_default(twin):
    subject = twin()
    subject.write({"sku": "A", "category": {"name": "Cups"}, "supplier_id": 9})
    subject.write({"sku": "B", "category": {"name": "Cups"}})
    state = subject.state()
    assert (state["categories"], state["suppliers"]) == (["Cups"], ["suppliers 9"])


def test_unknown_names_and_ids_may_be_refused_without_being_malformed(twin):
    subject = twin(unknown_references="refuse", products=[{"sku": "X", "category": {"name": "Cups"}}])
    body = {
        "sku": "A", "category": {"name": "Cusp"}, "sub_category_id": 1, "supplier": {"name": "Acme"}, "boms": [5],
        "variants": [{"sku": "A-1", "supplier_id": 2}],
    }  # fmt: skip
    paths = {"category.name", "sub_category_id", "supplier.name", "boms.0", "variants.0.supplier_id"}
    assert set(subject.errors(body)) == paths
    assert subject.patch(body).malformed is None
    assert subject.patch({"sku": "A", "category": {"name": "Cups"}}).status == 201


def test_an_alternate_sku_selects_its_product_only_where_switched_on(twin):
    seeds = {"products": [{"sku": "A", "name": "old"}], "alternate_skus": {"A": ["ALT"]}}
    matching = twin(**seeds, match_alternate_skus=True)
    assert matching.write({"sku": "ALT", "name": "new"})["sku"] == "A"
    assert list(matching.state()["products"]) == ["A"]
    apart = twin(**seeds)
    assert apart.patch({"sku": "ALT"}).status == 201
    assert list(apart.state()["products"]) == ["A", "ALT"]


@pytest.mark.parametrize(
    ("shape", "shown", "absent"),
    [
        ("array", [{"unit": "oz", "value": 20}], []),
        ("object", {"unit": "oz", "value": 20}, None),
        ("number", 20, None),
        ("string", "20", None),
        ("compound", [{"unit": "lb", "value": 1}, {"unit": "oz", "value": 4.0}], []),
    ],
)
def test_weights_in_every_shape_with_their_totals(twin, shape, shown, absent):
    product = twin(weight_shape=shape).write({"sku": "A", "box_weight": {"unit": "oz", "value": 20}})
    assert product["box_weight"] == shown
    assert (product["box_weight_oz"], product["box_weight_lb"]) == (20, 1.25)
    assert (product["pallet_weight"], product["pallet_weight_oz"], product["pallet_weight_lb"]) == (absent, None, None)


def test_weights_may_come_without_totals(twin):
    product = twin(weight_totals=False).write({"sku": "A", "variants": [{"sku": "A-1"}]})
    assert not [name for name in product if name.endswith(("_oz", "_lb"))]
    assert (len(product), len(product["variants"][0])) == (59 - 12, 30 - 12)


def test_weights_may_come_in_another_shape_by_turns(twin):
    subject = twin(weight_shape="mixed")
    weight = {"unit": "oz", "value": 20}
    shown = [subject.write({"sku": f"S{n}", "box_weight": weight})["box_weight"] for n in range(5)]
    compound = [{"unit": "lb", "value": 1}, {"unit": "oz", "value": 4.0}]
    assert shown == [weight, 20, "20", compound, [weight]]


def test_weight_units_are_a_switch(twin):
    body = {"sku": "A", "box_weight": {"unit": "kg", "value": 1}}
    assert list(twin().errors(body)) == ["box_weight.unit"]
    assert twin(weight_units=("kg",)).write(body)["box_weight_lb"] == pytest.approx(2.204623)


def test_blank_text_may_be_taken_for_null(twin):
    subject = twin(blank_is_null=True)
    subject.write({"sku": " A ", "description": "x"})
    assert subject.write({"sku": "A", "description": "  "})["description"] is None
    assert list(subject.errors({"sku": "A", "name": ""})) == ["name"]
    assert twin().write({"sku": "A", "name": ""})["name"] == ""


def test_a_422_counts_the_faults_behind_the_first_one(twin):
    message = json.loads(twin().patch({"sku": "A", "name": 1, "upc": 2, "brand": 3}).body)["message"]
    assert message == "The name field must be a string. (and 2 more errors)"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"sku": "A", "retail_price": NaN}', "NaN"),
        (b'{"sku": "A", "retail_price": Infinity}', "Infinity"),
        (b'{"sku": "A"', "not JSON"),
        (b"", "not JSON"),
        (b'{"sku": "\xff"}', "not JSON"),
        (b"[" * 100_000, "too deeply"),
        (b'[{"sku": "A"}]', "not an object"),
    ],
)
def test_a_body_that_is_no_json_object_is_400_and_malformed(twin, body, reason):
    answer = twin().ask("PATCH", "/products", body=body)
    assert answer.status == 400
    assert reason in answer.malformed


def test_a_number_too_large_for_json_readers_is_refused(twin):
    answer = twin().ask("PATCH", "/products", body=b'{"sku": "A", "retail_price": 1e999}')
    assert json.loads(answer.body)["errors"] == {"retail_price": ["The retail price field must be a number."]}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"sku": "A", "unit_cost": 1%s}' % (b"0" * 400), "unit_cost"),
        (b'{"sku": "A", "box_weight": {"unit": "lb", "value": 1%s}}' % (b"0" * 400), "box_weight.value"),
        (b'{"sku": "A", "custom_fields": {"x": 1e999}}', "custom_fields.x"),
    ],
)
def test_numbers_beyond_a_float_are_refused_wherever_they_stand(twin, body, path):
    answer = twin().ask("PATCH", "/products", body=body)
    assert (answer.status, list(json.loads(answer.body)["errors"])) == (422, [path])


def test_a_weight_whose_ounces_are_beyond_a_float_has_no_totals(twin):
    product = twin().write({"sku": "A", "box_weight": {"unit": "lb", "value": 1e308}})
    assert (product["box_weight_lb"], product["box_weight_oz"]) == (None, None)


@pytest.mark.parametrize("value", [{"a": 1}, [1]])
def test_a_custom_field_of_several_values_is_refused(twin, value):
    subject = twin()
    assert list(subject.errors({"sku": "A", "custom_fields": {"x": value}})) == ["custom_fields.x"]
    assert subject.state()["products"] == {}


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_another_content_type_is_415_and_malformed(twin, content_type):
    headers = JSON if content_type is None else JSON | {"Content-Type": content_type}
    answer = twin().ask("PATCH", "/products", body=b'{"sku": "A"}', headers=headers)
    assert (answer.status, answer.malformed is not None) == (415, True)


def test_a_charset_beside_the_content_type_is_taken(twin):
    headers = JSON | {"Content-Type": "application/json; charset=utf-8"}
    assert twin().ask("PATCH", "/products", body=b'{"sku": "A"}', headers=headers).status == 201


def test_without_accept_errors_come_as_html_or_redirect_but_products_as_json(twin):
    subject = twin()

    def patch(body):
        return subject.ask("PATCH", "/products", body=body, headers={"Content-Type": "application/json"})

    assert patch(b'{"sku": "A"}').content_type == "application/json"
    assert patch(b'{"sku": 1}').status == 302
    assert patch(b'{"id": 9}').content_type.startswith("text/html")


def test_one_product_by_id(twin):
    subject = twin(products=[{"id": 5, "sku": "A"}])
    assert subject.read("/products/5")["data"]["sku"] == "A"
    assert [subject.ask("GET", f"/products/{id}").status for id in ("6", "A", "²", "9" * 30)] == [404] * 4


@pytest.mark.parametrize(
    ("body", "named"),
    [(b'{"sku": "A", "id": 1}', "A"), (b'{"id": 1}', "1"), (b"{}", None), (b"[]", None), (b"{", None), (b"", None)],
)
def test_the_key_of_a_request_bears_any_body(body, named):
    assert key(Call(method="PATCH", path="/products", body=body)) == named


@pytest.mark.parametrize(
    ("shape", "shown"),
    [
        ("pairs", [{"Color": "Sand"}, {"Size": 2}]),
        ("labelled", [{"label": "Color", "value": "Sand"}, {"label": "Size", "value": 2}]),
        ("object", {"Color": "Sand", "Size": 2}),
    ],
)
def test_custom_fields_of_a_variant_in_every_shape(twin, shape, shown):
    body = {"sku": "A", "variants": [{"sku": "A-1", "custom_fields": {"Color": "Sand", "Size": 2}}]}
    assert twin(variant_custom_fields=shape).write(body)["variants"][0]["custom_fields"] == shown


def test_a_record_may_come_without_its_envelope(twin):
    subject = twin(envelope=False)
    assert json.loads(subject.patch({"sku": "A"}).body)["sku"] == "A"
    assert subject.read("/products/1")["sku"] == "A"


def test_an_empty_object_may_come_as_an_array(twin):
    subject = twin(empty_objects="array")
    assert subject.write({"sku": "A"})["custom_fields"] == []
    assert subject.write({"sku": "A", "custom_fields": {"x": 1}})["custom_fields"] == {"x": 1}


@pytest.mark.parametrize(
    ("shape", "errors"),
    [
        ("lists", {"upc": ["The upc field must be a string."]}),
        ("texts", {"upc": "The upc field must be a string."}),
        ("text", "The upc field must be a string."),
        ("message", None),
    ],
)
def test_a_422_in_every_shape(twin, shape, errors):
    answer = twin(error_shape=shape).patch({"sku": "A", "upc": 1})
    document = json.loads(answer.body)
    assert (answer.status, document.get("errors")) == (422, errors)
    assert document["message"]


def test_a_variant_can_be_discontinued_and_a_product_cannot(twin):
    subject = twin()
    assert list(subject.errors({"sku": "A", "discontinued": True})) == ["discontinued"]
    subject.write({"sku": "A", "variants": [{"sku": "A-1", "discontinued": True}]})
    assert subject.state()["products"]["A"]["variants"][0]["discontinued"] is True


def test_as_many_seeded_products_as_asked_for_have_variants_and_pass_the_rules(twin):
    bodies = seed_products(200, variants=20)
    assert bodies == seed_products(200, variants=20)
    parents = [body for body in bodies if "variants" in body]
    assert (len(parents), min(len(parent["variants"]) for parent in parents)) == (20, 2)
    skus = [body["sku"] for body in bodies] + [item["sku"] for parent in parents for item in parent["variants"]]
    assert len(set(skus)) == len(skus)
    subject = twin()
    assert {subject.patch(body).status for body in bodies} == {201}


def test_no_two_secrets_are_alike_and_all_would_be_found_in_a_file():
    assert len(set(SECRETS)) == len(SECRETS) == 12
    assert all(json.dumps(each) == f'"{each}"' and len(each) > 8 for each in SECRETS)


def test_state_is_equal_whatever_the_order_of_writes(twin):
    first, second = twin(), twin()
    bodies = seed_products(30)
    for body in bodies:
        first.write(body)
    second.now += 500
    for body in reversed(bodies):
        second.write(body)
        second.write(body)
    assert first.state() == second.state()
    second.write({"sku": bodies[0]["sku"], "name": "other"})
    assert first.state() != second.state()


def test_seeded_products_pass_the_rules_and_are_repeatable(twin):
    bodies = seed_products(100)
    assert bodies == seed_products(100) != seed_products(100, seed=1)
    subject = twin()
    assert {subject.patch(body).status for body in bodies} == {201}


def test_an_unknown_switch_is_an_error(twin):
    with pytest.raises(TypeError, match="tagz"):
        twin(tagz="add")
