"""The conversation in which one channel is deleted: https://docs.commercetools.com/api/projects/channels#delete-channel

A deletion says the version that it is about, so sent twice it does no harm.
"""

from http import HTTPStatus
from typing import Final

from bulk.connectors.commercetools.flows import operations
from bulk.connectors.commercetools.flows.lookups import get_channel
from bulk.connectors.commercetools.flows.types import Types
from bulk.contracts import Flow
from bulk.errors import ApiError, RefusedError, RetryableError
from bulk.model import Outcome, Record, Status, parsed

READINGS: Final = 3
"""How often a version is read, while others change the channel meanwhile."""

LOST: Final = "the answer was lost; the channel is not there any more"
PERHAPS: Final = "it is not there; an earlier start of this run may have deleted it"
"""Said where that start was killed, so that nobody knows whether it came to ask for it."""


def delete_channel(types: Types, record: Record) -> Flow:
    """Delete the channel that the row names, in the version that it says; without one, in whichever there is.

    Raises `RefusedError` where something refers to it, and where it has changed since the version that the row says.
    """
    document = parsed(record.payload)
    lost = False
    current = record.current
    for reading in range(READINGS + 1):
        if current is None:
            current = yield from get_channel(types, record.by, record.key)
        if not current:
            if lost or record.repeated:
                return Outcome(outcome="deleted", message=LOST if lost else PERHAPS)
            return Outcome(status=Status.UNCHANGED, message="it is not there")
        try:
            response = yield from operations.delete_by_id(current["id"], document.get("version", current["version"]))
        except (RefusedError, RetryableError) as error:
            lost |= error.maybe_applied
            if _is_gone(error) and (lost or record.repeated):
                return Outcome(
                    outcome="deleted",
                    remote_id=current["id"],
                    http_status=error.status,
                    message=LOST if lost else PERHAPS,
                )
            again = _is_gone(error) or (_is_stale(error) and "version" not in document) or error.maybe_applied
            if not again or reading == READINGS:
                raise
            current = None
        else:
            return Outcome(outcome="deleted", remote_id=current["id"], http_status=response.status)
    raise AssertionError("the last reading returns or raises")


def _is_gone(error: ApiError) -> bool:
    return isinstance(error, RefusedError) and error.status == HTTPStatus.NOT_FOUND


def _is_stale(error: ApiError) -> bool:
    return isinstance(error, RefusedError) and error.status == HTTPStatus.CONFLICT
