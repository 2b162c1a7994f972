"""PATCH /products: create or update one product. GET /products and /products/{id}: read them."""

from http import HTTPStatus

from bulk.connectors.luminous.sandbox.checks import Findings
from bulk.connectors.luminous.sandbox.envelope import single
from bulk.connectors.luminous.sandbox.errors import error, invalid
from bulk.connectors.luminous.sandbox.listing import Listing
from bulk.connectors.luminous.sandbox.products import answers
from bulk.connectors.luminous.sandbox.products.catalog import Catalog
from bulk.connectors.luminous.sandbox.products.fields import SORTABLE, candidates, fields
from bulk.connectors.luminous.sandbox.products.rules import check_product
from bulk.connectors.luminous.sandbox.requests import document, row_of_path
from bulk.sandbox import Answer, Call, Row


def upsert(catalog: Catalog, call: Call) -> Answer:
    """Create or update one product."""
    switches = catalog.switches
    body = document(call, switches)
    findings = check_product(body, switches)
    if findings.errors:
        return invalid(call, findings.errors, shape=switches.error_shape, malformed=findings.broken)
    product = catalog.find(body)
    if product is None and "id" in body and switches.unknown_id == "missing":
        return error(call, 404, f"Product {body['id']} not found.")
    _check_against_catalog(catalog, body, product, findings)
    if findings.errors:
        return invalid(call, findings.errors, shape=switches.error_shape)
    if product is not None:
        catalog.change(product, body)
        status: int = HTTPStatus.OK
    else:
        product = catalog.create({name: value for name, value in body.items() if name != "id"})
        status = switches.created_status
    return single(status, answers.product(catalog, product), switches)


def one(catalog: Catalog, call: Call) -> Answer:
    """One product by its id."""
    product = row_of_path(call, catalog.products, "Product")
    return single(HTTPStatus.OK, answers.product(catalog, product), catalog.switches)


def listing(catalog: Catalog) -> Listing:
    """The list of all products, inactive ones among them."""
    return Listing(
        table=catalog.products,
        show=lambda row: answers.product(catalog, row),
        fields=fields(catalog),
        search=("name", "upc", "sku"),
        sortable=SORTABLE,
        candidates=lambda name, value: candidates(catalog, name, value),
    )


def _check_against_catalog(catalog: Catalog, body: Row, product: Row | None, findings: Findings) -> None:
    """What can be refused only in view of what is there; nothing of it is documented."""
    if product is not None:
        if "id" in body and "sku" in body and _belongs_to_another(catalog, body["sku"], product):
            findings.refuse("sku", "has already been taken")
    elif "id" in body:
        if catalog.switches.unknown_id == "invalid":
            findings.refuse("id", "names nothing that exists")
    else:
        for name in catalog.switches.required_on_create:
            if name not in body and f"{name}_id" not in body:
                findings.refuse(name, "is required")
    if catalog.switches.unknown_references == "refuse":
        for path in catalog.unknown(body):
            findings.refuse(path, "names nothing that exists")


def _belongs_to_another(catalog: Catalog, sku: str, product: Row) -> bool:
    holder = catalog.products.find("sku", sku)
    return holder is not None and holder is not product
