"""From what Luminous answers to documents of the models: tolerant of shapes, silent about secrets.

- `records`: products, variants and channels; `values`, `weights`: single fields; `redaction`: records without secrets
"""

from bulk.connectors.luminous.reading.records import (
    NESTED_FIELDS,
    PRODUCT_FIELDS,
    changed_at,
    read_channel,
    read_listed,
    read_product,
    read_variant,
)
from bulk.connectors.luminous.reading.redaction import redacted

__all__ = [
    "NESTED_FIELDS",
    "PRODUCT_FIELDS",
    "changed_at",
    "read_channel",
    "read_listed",
    "read_product",
    "read_variant",
    "redacted",
]
