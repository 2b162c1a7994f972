"""The embedded twin of Luminous: products and channels, by the letter of the documentation.

It is a second opinion on our own models, so it is written from the pages and shares nothing with them.

- `products`, `channels`: operations and rules of each; `listing`, `filters`: pages of them
- `requests`, `checks`, `errors`: bodies, their faults, and the words for them; `envelope`: how records are wrapped
- `switches`: what the documentation leaves open; `secrets`: what must never leave the program; `access`, `examples`:
  for our own client and its suites
"""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from bulk.connectors.luminous.sandbox.access import NAME, TOKEN, environment, settings
from bulk.connectors.luminous.sandbox.channels import routes as channel_routes
from bulk.connectors.luminous.sandbox.channels.directory import Directory
from bulk.connectors.luminous.sandbox.channels.seed import seed_channels
from bulk.connectors.luminous.sandbox.errors import error
from bulk.connectors.luminous.sandbox.examples import examples
from bulk.connectors.luminous.sandbox.listing import page
from bulk.connectors.luminous.sandbox.products import routes as product_routes
from bulk.connectors.luminous.sandbox.products.catalog import Catalog
from bulk.connectors.luminous.sandbox.products.export import export
from bulk.connectors.luminous.sandbox.products.seed import seed_products, showcase
from bulk.connectors.luminous.sandbox.requests import key
from bulk.connectors.luminous.sandbox.secrets import SECRETS
from bulk.connectors.luminous.sandbox.switches import Switches
from bulk.sandbox import Api, Route, Store

__all__ = [
    "SECRETS",
    "Switches",
    "api",
    "environment",
    "examples",
    "luminous_api",
    "seed_channels",
    "seed_products",
    "settings",
    "showcase",
]


def luminous_api(
    *,
    token: str = TOKEN,
    products: Sequence[Mapping[str, Any]] = (),
    alternate_skus: Mapping[str, Sequence[str]] | None = None,
    inactive: Collection[str] = (),
    channels: Sequence[Mapping[str, Any]] = (),
    **switches: Any,  # noqa: ANN401  # the fields of Switches, which checks their names
) -> Api:
    """The twin, to be mounted in a `Sandbox`.

    `products` are bodies to begin with, unchecked, with both `id` and `sku` where the id matters; `alternate_skus`
    are lists by SKU; `inactive` are SKUs that the export leaves out. `channels` are bodies as of a creation, with an
    `id` where it matters, and `apiLocked` and `enabled` where they differ from a new one's. `switches` are the fields
    of `Switches`.
    """
    chosen = Switches(**switches)

    def seed(store: Store) -> None:
        catalog = Catalog(store, chosen)
        for body in products:
            row = catalog.create(body, active=body.get("sku") not in inactive)
            for sku in (alternate_skus or {}).get(row["sku"], ()):
                catalog.add_alternate_sku(row, sku)
        directory = Directory(store, chosen)
        for body in channels:
            directory.create(body)

    def routes(store: Store) -> Sequence[Route]:
        catalog, directory = Catalog(store, chosen), Directory(store, chosen)
        handlers = {
            ("PATCH", "/products"): partial(product_routes.upsert, catalog),
            ("GET", "/products"): partial(page, product_routes.listing(catalog), chosen),
            ("GET", "/products/export"): partial(export, catalog),
            ("GET", "/products/{id}"): partial(product_routes.one, catalog),
            ("GET", "/channels"): partial(page, channel_routes.listing(directory), chosen),
            ("POST", "/channels"): partial(channel_routes.create, directory),
            ("GET", "/channels/{id}"): partial(channel_routes.one, directory),
            ("PUT", "/channels/{id}"): partial(channel_routes.update, directory),
            ("DELETE", "/channels/{id}"): partial(channel_routes.delete, directory),
            ("PATCH", "/channels/{id}/lock"): partial(channel_routes.lock, directory),
            ("POST", "/channels/{id}/integration-products"): partial(channel_routes.add_products, directory),
        }
        return [Route(method=method, path=path, handler=run) for (method, path), run in handlers.items()]

    return Api(
        name=NAME,
        base="/external/api/v1",
        routes=routes,
        tokens=frozenset({token}),
        error=error,
        key=key,
        seed=seed,
        state=lambda store: {**Catalog(store, chosen).state(), **Directory(store, chosen).state()},
    )


api = luminous_api
"""The name under which every connector's twin is found; beside it stand `settings`, `environment` and `examples`."""
