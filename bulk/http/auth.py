"""How a request proves who it comes from."""

import re
from collections.abc import Mapping

from bulk.errors import ConfigurationError


class Bearer:
    """A fixed token in the Authorization header; raises `ConfigurationError` when no header can carry it."""

    def __init__(self, token: str) -> None:
        if not re.fullmatch(r"[!-~]+", token):
            raise ConfigurationError(
                "the API key is empty, or holds characters that no key has",
                advice="Copy it again: letters, digits and signs only, no space and no line break.",
            )
        self._headers = {"Authorization": f"Bearer {token}"}

    def headers(self) -> Mapping[str, str]:
        """Header fields to send; never logged."""
        return self._headers

    def __repr__(self) -> str:
        return "Bearer(***)"
