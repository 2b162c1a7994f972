"""A kit for pretending to be an API: a server with state, limits, latency and faults to choose. Knows no API itself.

`server` serves each `api` by its `router` over a `store`; `ceiling` limits the rate, `faults` and `delivery` spoil
answers, `log` remembers requests.
"""

from bulk.sandbox.api import Answer, Api, Call, RefusedCallError, Route, is_number
from bulk.sandbox.ceiling import Ceiling
from bulk.sandbox.faults import KINDS, Fault, Faults
from bulk.sandbox.log import Exchange, RequestLog
from bulk.sandbox.server import Sandbox
from bulk.sandbox.store import Row, Store, Table

__all__ = [
    "KINDS",
    "Answer",
    "Api",
    "Call",
    "Ceiling",
    "Exchange",
    "Fault",
    "Faults",
    "RefusedCallError",
    "RequestLog",
    "Route",
    "Row",
    "Sandbox",
    "Store",
    "Table",
    "is_number",
]
