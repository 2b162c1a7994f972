"""One flow, driven through a sender."""

import asyncio
from typing import Final

from bulk.contracts import Flow, SendCancelledError, Sender
from bulk.errors import ApiError
from bulk.model import Outcome, Request

READING: Final = frozenset({"GET", "HEAD"})
"""Methods that change nothing."""


class Conversation:
    """What a flow has said to an API so far.

    `attempts` is the number of requests sent; `touched` says whether the API may have written something.
    """

    __slots__ = ("_sender", "attempts", "touched")

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self.attempts = 0
        self.touched = False

    async def hold(self, flow: Flow) -> Outcome:
        """Drive the flow to its end; raises what it does not catch."""
        try:
            request = next(flow)
            while True:
                try:
                    response = await self._sender.send(request)
                except ApiError as error:
                    self._note(request, error.attempts, maybe_applied=error.maybe_applied)
                    request = flow.throw(error)
                except SendCancelledError as cancelled:
                    self._note(request, cancelled.attempts, maybe_applied=cancelled.maybe_applied)
                    # Task groups know a cancellation by its very class.
                    raise asyncio.CancelledError from None
                except asyncio.CancelledError:
                    self._note(request, 1, maybe_applied=True)
                    raise
                else:
                    self._note(request, response.attempts, maybe_applied=True)
                    request = flow.send(response)
        except StopIteration as end:
            outcome: Outcome = end.value
            return outcome

    def _note(self, request: Request, attempts: int, *, maybe_applied: bool) -> None:
        self.attempts += attempts
        self.touched |= maybe_applied and request.method not in READING
