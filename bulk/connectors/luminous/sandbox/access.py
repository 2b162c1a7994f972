"""How our own client finds the twin and is let in."""

from collections.abc import Mapping
from typing import Final

from pydantic import SecretStr

from bulk.connectors.luminous import LuminousSettings
from bulk.sandbox import Sandbox

NAME: Final = "luminous"
TOKEN: Final = "sandbox-t0ken"  # noqa: S105  # opens nothing but a twin on this machine
"""The token that the twin takes unless it is given another."""


def settings(sandbox: Sandbox) -> LuminousSettings:
    """Connection settings for the twin in an open sandbox."""
    return LuminousSettings(base_url=sandbox.url(NAME), api_key=SecretStr(TOKEN))


def environment(sandbox: Sandbox) -> Mapping[str, str]:
    """The same as environment variables, for a client in another process."""
    return {"LUMINOUS_BASE_URL": sandbox.url(NAME), "LUMINOUS_API_KEY": TOKEN}
