"""What Luminous takes and shows: one model for each kind of row, with every constraint that its documentation states.

`products`, `variants` and `channels`, and `parts` that they share. The models named `...Facts` are what it shows but
does not take back.
"""

from bulk.connectors.luminous.models.channels import Channel, ChannelFacts, NewChannel, NewChannelFacts
from bulk.connectors.luminous.models.products import Product, ProductFacts
from bulk.connectors.luminous.models.variants import Variant, VariantFacts

__all__ = [
    "Channel",
    "ChannelFacts",
    "NewChannel",
    "NewChannelFacts",
    "Product",
    "ProductFacts",
    "Variant",
    "VariantFacts",
]
