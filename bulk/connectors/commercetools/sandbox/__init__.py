"""The embedded twin of commercetools: tokens, channels and types, by the letter of the documentation.

It is a second opinion on our own models, so it is written from the pages and shares nothing with them.

- `channels`, `types`: operations and rules of each; `drafts`: the shapes of what is written; `listing`, `predicates`:
  of what is asked
- `tokens`: who may do what; `requests`, `checks`, `errors`: bodies, their faults, and the words for them; `ids`,
  `timestamps`: as the API writes them
- `switches`: what the documentation leaves open; `access`, `examples`: for our own client and its suites
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

from bulk.connectors.commercetools.sandbox.access import (
    CLIENT_ID,
    CLIENT_SECRET,
    NAME,
    PROJECT,
    environment,
    settings,
)
from bulk.connectors.commercetools.sandbox.channels.directory import Directory
from bulk.connectors.commercetools.sandbox.channels.routes import Channels
from bulk.connectors.commercetools.sandbox.channels.seed import seed_channels
from bulk.connectors.commercetools.sandbox.checks import Findings
from bulk.connectors.commercetools.sandbox.errors import error, too_long
from bulk.connectors.commercetools.sandbox.examples import examples
from bulk.connectors.commercetools.sandbox.requests import fields, key
from bulk.connectors.commercetools.sandbox.switches import Switches
from bulk.connectors.commercetools.sandbox.tokens import (
    READ,
    READ_TYPES,
    TOKEN_MARK,
    WRITE,
    Client,
    Gate,
    revoke_tokens,
)
from bulk.connectors.commercetools.sandbox.types import routes as type_routes
from bulk.connectors.commercetools.sandbox.types.registry import Registry
from bulk.connectors.commercetools.sandbox.types.seed import seed_types
from bulk.sandbox import Answer, Api, Call, RefusedCallError, Route, Store

__all__ = [
    "SECRETS",
    "Switches",
    "api",
    "commercetools_api",
    "environment",
    "examples",
    "revoke_tokens",
    "seed_channels",
    "seed_types",
    "settings",
]

SECRETS = (CLIENT_SECRET, TOKEN_MARK)
"""What must never leave the program; every token begins with the second."""


def commercetools_api(
    *,
    project: str = PROJECT,
    client_id: str = CLIENT_ID,
    client_secret: str = CLIENT_SECRET,
    channels: Sequence[Mapping[str, Any]] = (),
    types: Sequence[Mapping[str, Any]] | None = None,
    **switches: Any,  # noqa: ANN401  # the fields of Switches, which checks their names
) -> Api:
    """The twin, to be mounted in a `Sandbox`.

    `channels` are drafts to begin with, whose shape is not checked, with an `id` and a `version` where they matter;
    `types` are those of `seed_types` unless given. `switches` are the fields of `Switches`.
    """
    chosen = Switches(**switches)
    client = Client(project=project, id=client_id, secret=client_secret)

    def seed(store: Store) -> None:
        registry = Registry(store)
        for draft in seed_types() if types is None else types:
            registry.add(draft)
        directory, findings = Directory(store, registry, chosen), Findings(chosen)
        for draft in channels:
            custom = directory.customized(draft, findings)
            findings.settle()
            directory.create(draft, custom, {"clientId": client_id, "isPlatformClient": False})

    def routes(store: Store) -> Sequence[Route]:
        gate, registry = Gate(store, client, chosen), Registry(store)
        many = Channels(Directory(store, registry, chosen), gate, client_id)
        operations: dict[tuple[str, str], tuple[tuple[str, ...], Callable[[Call], Answer]]] = {
            ("GET", "/channels"): (READ, many.query),
            ("HEAD", "/channels"): (READ, many.any_exists),
            ("POST", "/channels"): (WRITE, many.create),
            ("GET", "/channels/{id}"): (READ, many.one),
            ("HEAD", "/channels/{id}"): (READ, many.exists),
            ("POST", "/channels/{id}"): (WRITE, many.update),
            ("DELETE", "/channels/{id}"): (WRITE, many.delete),
            ("GET", "/types"): (READ_TYPES, partial(type_routes.query, registry, chosen)),
            ("GET", "/types/{id}"): (READ_TYPES, partial(type_routes.one, registry, chosen)),
        }
        return [
            Route(method="POST", path="/oauth/token", handler=_served(gate.issue, chosen)),
            *(
                Route(method=method, path=f"/{project}{path}", handler=_served(_admitted(gate, scopes, run), chosen))
                for (method, path), (scopes, run) in operations.items()
            ),
        ]

    return Api(
        name=NAME,
        base="/commercetools",
        routes=routes,
        tokens=None,
        error=partial(error, chosen),
        key=key,
        fields=fields,
        seed=seed,
        state=lambda store: Directory(store, Registry(store), chosen).state(),
    )


def _admitted(gate: Gate, scopes: tuple[str, ...], run: Callable[[Call], Answer]) -> Callable[[Call], Answer]:
    """The same operation, for those who may."""

    def admitted(call: Call) -> Answer:
        gate.admit(call, scopes)
        return run(call)

    return admitted


def _served(run: Callable[[Call], Answer], switches: Switches) -> Callable[[Call], Answer]:
    """The same operation, as it is reached from outside: not by too long an address, and with a number to ask about."""

    def served(call: Call) -> Answer:
        if len(call.target) > switches.url_bytes:
            return too_long(call)
        number = call.headers.get("X-Correlation-ID") or f"practice-{uuid4()}"
        try:
            answer = run(call)
        except RefusedCallError as refusal:
            answer = refusal.answer
        return answer.having({"X-Correlation-ID": number})

    return served


api = commercetools_api
"""The name under which every connector's twin is found; beside it stand `settings`, `environment` and `examples`."""
