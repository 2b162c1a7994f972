"""Clients of an API as its connector describes it."""

from typing import Any

from bulk.contracts import Clock, Connector
from bulk.http.client import Client
from bulk.http.turns import Turns
from bulk.model import Limits


def client_of(connector: Connector, settings: Any, limits: Limits, clock: Clock, pace: Turns) -> Client:  # noqa: ANN401  # each connector has a model of its own
    """A client of an API under these settings of its connector, not opened yet."""
    return Client(
        connector.target(settings),
        auth=connector.auth(settings),
        pace=pace,
        limits=limits,
        explain=connector.explain,
        legible=connector.legible,
        headers=connector.headers,
        clock=clock,
    )
