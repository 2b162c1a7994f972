"""From what commercetools answers to documents of the model: `channels`."""

from bulk.connectors.commercetools.reading.channels import changed_at, position, read_channel, type_of

__all__ = ["changed_at", "position", "read_channel", "type_of"]
