"""Credentials taken out of what is shown or kept: an API may repeat them in its answers."""

import json
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

_TELLING: Final = 4
"""Characters of a credential that are redacted where a text breaks off among them; fewer tell nothing."""


class Redactor:
    """Redacts credentials in a text, as they are and as JSON or an address would write them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        plain = [word for secret in secrets if (word := secret.strip())]
        # A header value is a scheme and the secret proper; an answer may repeat either.
        self._bare = _forms({word.split()[-1] for word in plain})
        self._forms = sorted(_forms(plain) | self._bare, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without them."""
        for form in self._forms:
            text = text.replace(form, "***")
        # A text that was cut short may end in the beginning of one.
        body = text.removesuffix("…")
        cut = max((_overlap(body, form) for form in self._bare), default=0)
        return text if cut < _TELLING else f"{body[:-cut]}***"


def _forms(words: Iterable[str]) -> set[str]:
    """The words as they are, and as JSON or an address would write them."""
    forms = {form for word in words for form in (word, quote(word, safe=""), json.dumps(word)[1:-1])}
    return forms | {form.replace("/", "\\/") for form in forms}


def _overlap(text: str, form: str) -> int:
    """Characters at the end of the text that the form begins with."""
    return next((size for size in range(len(form) - 1, 0, -1) if text.endswith(form[:size])), 0)
