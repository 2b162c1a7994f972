"""The twins without a socket: calls go straight to their handlers."""

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from bulk.connectors.commercetools.sandbox import commercetools_api
from bulk.connectors.commercetools.sandbox.access import CLIENT_ID, CLIENT_SECRET
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


class Project:
    """A project of commercetools without a socket; `now` may be set between calls."""

    def __init__(self, **options: Any) -> None:
        self.now = 1_700_000_000.25
        self.api = commercetools_api(**options)
        self.store = Store(lambda: self.now)
        self.api.seed(self.store)
        self.router = Router(self.api, self.store)
        self.token = self.fetch_token()["access_token"]

    def fetch_token(self) -> dict[str, Any]:
        """What the authorization answers to the right credentials."""
        headers = {"Authorization": f"Basic {base64.b64encode(f'{CLIENT_ID}:{CLIENT_SECRET}'.encode()).decode()}"}
        return self.call("POST", "/oauth/token", ("grant_type", "client_credentials"), headers=headers)[1]

    def answer(
        self,
        method: str,
        path: str,
        *query: tuple[str, str],
        document: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer to a call; without headers it has a good token and says JSON."""
        if headers is None:
            headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        body = document if isinstance(document, bytes) else b"" if document is None else json.dumps(document).encode()
        target = f"{path}?{urlencode(query)}"
        sent = Call(method=method, path=path, query=query, headers=headers, body=body, target=target)
        call, handler, _ = self.router.find(sent)
        assert handler is not None
        return handler(call)

    def call(self, method: str, path: str, *query: tuple[str, str], **more: Any) -> tuple[int, Any]:
        """Status and document of an answer."""
        answer = self.answer(method, path, *query, **more)
        return answer.status, json.loads(answer.body) if answer.body else None

    def channels(self, method: str, rest: str = "", *query: tuple[str, str], **more: Any) -> tuple[int, Any]:
        """The same, under the path of the channels."""
        return self.call(method, f"/practice/channels{rest}", *query, **more)

    def create(self, key: str = "k", **draft: Any) -> dict[str, Any]:
        """A new channel that must be taken."""
        status, channel = self.channels("POST", document={"key": key, **draft})
        assert status == 201, channel
        return channel

    def read(self, key: str = "k") -> dict[str, Any]:
        """The channel of a key that must be there."""
        status, channel = self.channels("GET", f"/key={key}")
        assert status == 200, channel
        return channel

    def act(self, *actions: dict[str, Any], key: str = "k") -> tuple[int, Any]:
        """Update a channel in its present version."""
        body = {"version": self.read(key)["version"], "actions": list(actions)}
        return self.channels("POST", f"/key={key}", document=body)

    def changed(self, *actions: dict[str, Any], key: str = "k") -> dict[str, Any]:
        """The channel after actions that must be taken."""
        status, channel = self.act(*actions, key=key)
        assert status == 200, channel
        return channel

    def keys(self, where: str | None = None, *query: tuple[str, str]) -> list[str]:
        """Keys of the channels that fit a predicate, in the order of the answer."""
        predicate = [] if where is None else [("where", where)]
        status, page = self.channels("GET", "", *predicate, *query)
        assert status == 200, page
        return [channel["key"] for channel in page["results"]]

    def state(self) -> dict[str, Any]:
        return dict(self.api.state(self.store))


@pytest.fixture
def project():
    """Makes a project with options of `commercetools_api`."""
    return Project
