"""What the floors promise each other: small protocols, and the values that describe an API.

- `apis`: connectors, resources, and conversations as generators
- `transport`: how requests travel, and who watches; `files`: where rows come from; `ledger`: the durable memory
"""

from bulk.contracts.apis import (
    UNREADABLE,
    Choice,
    Connector,
    Enquiry,
    Explanation,
    Flow,
    Found,
    Listed,
    OtherRows,
    Page,
    Query,
    Resource,
    Walk,
)
from bulk.contracts.files import Format, ReadOptions, Scan, Tables, TableWriter
from bulk.contracts.ledger import Ledger
from bulk.contracts.transport import (
    Auth,
    Clock,
    CountingSender,
    Listener,
    Login,
    SendCancelledError,
    Sender,
    SystemClock,
)

__all__ = [
    "UNREADABLE",
    "Auth",
    "Choice",
    "Clock",
    "Connector",
    "CountingSender",
    "Enquiry",
    "Explanation",
    "Flow",
    "Format",
    "Found",
    "Ledger",
    "Listed",
    "Listener",
    "Login",
    "OtherRows",
    "Page",
    "Query",
    "ReadOptions",
    "Resource",
    "Scan",
    "SendCancelledError",
    "Sender",
    "SystemClock",
    "TableWriter",
    "Tables",
    "Walk",
]
