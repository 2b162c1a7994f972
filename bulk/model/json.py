"""JSON, read and written by the quick library, and by the other what that one does not take."""

import json
from collections.abc import Mapping
from typing import Any, Final

from msgspec.json import Encoder, decode

_encode: Final = Encoder().encode


def parsed(text: str | bytes) -> Any:  # noqa: ANN401  # JSON is any shape; each reader checks the shape it needs
    """The value of a JSON text; raises `ValueError` where it is none.

    The quick reader takes less than is in use, such as no halves of characters and no infinity: then the other decides.
    """
    try:
        return decode(text)
    except (ValueError, RecursionError):
        try:
            return json.loads(text)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def written(document: Mapping[str, Any]) -> bytes:
    """A document as JSON; the quick writer has no way to write halves of characters."""
    try:
        return _encode(document)
    except UnicodeEncodeError:
        return json.dumps(document).encode()
