"""The twin of Luminous without a socket: calls go straight to its handlers."""

import json
from typing import Any

import pytest

from bulk.connectors.luminous.sandbox import luminous_api
from bulk.sandbox import Answer, Call, Store
from bulk.sandbox.router import Router

HEADERS = {"Accept": "application/json", "Content-Type": "application/json"}


class Twin:
    """`now` may be set between calls."""

    def __init__(self, **options: Any) -> None:
        self.now = 1_700_000_000.0
        self.api = luminous_api(**options)
        self.store = Store(lambda: self.now)
        self.api.seed(self.store)
        self.router = Router(self.api, self.store)

    def ask(self, method: str, path: str, *query: tuple[str, str], body: bytes = b"", headers=HEADERS) -> Answer:
        call, handler, _ = self.router.find(Call(method=method, path=path, query=query, headers=headers, body=body))
        assert handler is not None
        return handler(call)

    def patch(self, document: Any) -> Answer:
        return self.ask("PATCH", "/products", body=json.dumps(document).encode())

    def write(self, document: Any) -> dict[str, Any]:
        """The product in the answer to a body that must be taken."""
        answer = self.patch(document)
        assert answer.status in {200, 201}, answer.body
        return json.loads(answer.body)["data"]

    def errors(self, document: Any) -> dict[str, list[str]]:
        """The faults of a body that must not be taken."""
        answer = self.patch(document)
        assert answer.status == 422, answer.body
        return json.loads(answer.body)["errors"]

    def read(self, path: str, *query: tuple[str, str]) -> dict[str, Any]:
        answer = self.ask("GET", path, *query)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def skus(self, *query: tuple[str, str]) -> list[str]:
        """SKUs of the products that fit the filters."""
        return [product["sku"] for product in self.read("/products", ("per_page", "100"), *query)["data"]]

    def state(self) -> dict[str, Any]:
        return dict(self.api.state(self.store))


@pytest.fixture
def twin():
    """Makes a twin with options of `luminous_api`."""
    return Twin
