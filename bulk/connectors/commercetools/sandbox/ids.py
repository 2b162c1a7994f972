"""Ids and their order.

The API sorts and compares ids by the bytes of a legacy encoding, in which each half of a UUID is reversed: that is not
the order of their text.
"""

import re
from functools import lru_cache
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

_FORM: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


def is_id(text: object) -> bool:
    """Whether a value is a UUID in its usual form."""
    return isinstance(text, str) and _FORM.fullmatch(text) is not None


@lru_cache(maxsize=1 << 17)
def place(id: str) -> int:
    """Where an id comes in the order of ids."""
    raw = UUID(id).bytes
    return int.from_bytes(raw[7::-1] + raw[:7:-1])


def new_id(kind: str, number: int) -> str:
    """The id of the so-manieth thing of a kind, the same in every sandbox."""
    return str(uuid5(NAMESPACE_URL, f"commercetools/{kind}/{number}"))
