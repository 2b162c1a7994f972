"""From what Luminous answers to documents of the models: tolerant of shapes, silent about secrets."""

from bulk.connectors.luminous.reading.bare import bare
from bulk.connectors.luminous.reading.records import changed_at, read_channel, read_product, read_products, read_variant

__all__ = ["bare", "changed_at", "read_channel", "read_product", "read_products", "read_variant"]
