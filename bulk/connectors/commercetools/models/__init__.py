"""What commercetools takes and shows of `channels` and their `parts`, with every constraint that it documents."""

from bulk.connectors.commercetools.models.channels import ROLES, Channel, ChannelFacts
from bulk.connectors.commercetools.models.parts import USUAL_KEY, Address, CustomFields, GeoLocation

__all__ = ["ROLES", "USUAL_KEY", "Address", "Channel", "ChannelFacts", "CustomFields", "GeoLocation"]
