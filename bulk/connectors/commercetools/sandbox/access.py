"""How our own client finds the twin and is let in."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from bulk.sandbox import Sandbox

if TYPE_CHECKING:
    from bulk.connectors.commercetools import CommercetoolsSettings

NAME: Final = "commercetools"
PROJECT: Final = "practice"
"""Key of the project that the twin has unless it is given another."""
CLIENT_ID: Final = "practice-client"
"""Id of its API client."""
CLIENT_SECRET: Final = "hushed-client-secret-3f0a"  # noqa: S105  # opens nothing but a twin on this machine
"""Secret of its API client."""


def settings(sandbox: Sandbox) -> "CommercetoolsSettings":
    """Connection settings for the twin in an open sandbox."""
    from bulk.connectors.commercetools import CommercetoolsSettings  # noqa: PLC0415  # the twin works without it

    return CommercetoolsSettings(
        project_key=PROJECT,
        client_id=CLIENT_ID,
        client_secret=SecretStr(CLIENT_SECRET),
        auth_url=sandbox.url(NAME),
        api_url=sandbox.url(NAME),
    )


def environment(sandbox: Sandbox) -> Mapping[str, str]:
    """The same as environment variables, for a client in another process."""
    return {
        "CTP_PROJECT_KEY": PROJECT,
        "CTP_CLIENT_ID": CLIENT_ID,
        "CTP_CLIENT_SECRET": CLIENT_SECRET,
        "CTP_AUTH_URL": sandbox.url(NAME),
        "CTP_API_URL": sandbox.url(NAME),
    }
