"""What of an answer may be seen: everything but secrets.

Channels carry an open object of credentials, and suppliers carry bank details.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

_SECRET: Final = re.compile(
    r"credential|passw|passphrase|secret|token|apikey|accesskey|privatekey|clientkey|authoriz|bearer|"
    r"bank|routing|accountnumber|accountno|swift|iban|^bic$|^auth$"
)
"""What the name of something secret looks like, without case and punctuation."""


def redacted(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record without anything secret, at any depth: of a supplier only id and name are left.

    The values of custom fields stay, whatever the user called them: they are the catalog.
    """
    return {name: _redacted(name, value) for name, value in record.items() if not _is_secret(name)}


def _redacted(name: str, value: Any) -> Any:  # noqa: ANN401  # JSON is any shape
    if isinstance(value, list):
        return [_redacted(name, one) for one in value]
    if not isinstance(value, Mapping):
        return value
    called = _plain(name)
    if called.endswith(("supplier", "suppliers")):
        return {key: value[key] for key in ("id", "name") if key in value}
    if called == "customfields":
        return {key: redacted(one) if isinstance(one, Mapping) else one for key, one in value.items()}
    return redacted(value)


def _is_secret(name: str) -> bool:
    return _SECRET.search(_plain(name)) is not None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())
