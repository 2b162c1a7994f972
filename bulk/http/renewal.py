"""Credentials that do not last, fetched when they are needed: once, however many wait for them."""

import asyncio
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from bulk.contracts import Auth, Clock, Login, Sender
from bulk.errors import (
    ApiError,
    FatalError,
    OutageError,
    RefusedError,
    RetryableError,
    UnauthorizedError,
    UnclearError,
)
from bulk.http.oauth import UNKNOWN

_ADVICE: Final = {
    UNKNOWN: "Check the client id and the client secret: one of them is wrong, or the client is gone.",
    "invalid_scope": "Ask for fewer scopes, or for none: then the token has all that the client has.",
}
"""What to do about a refusal, by its code."""


class Renewal:
    """Keeps the credentials of a client good; `sender` speaks to where they come from, `is_over` tells the run's end.

    Once they cannot be had, nobody asks again: every further request would meet the same.
    """

    def __init__(self, auth: Auth, login: Login, sender: Sender, *, clock: Clock, is_over: Callable[[], bool]) -> None:
        self._auth = auth
        self._login = login
        self._sender = sender
        self._clock = clock
        self._is_over = is_over
        self._turn = asyncio.Lock()
        self._failure: ApiError | None = None
        self._host = urlsplit(login.url).hostname

    async def ensure(self) -> None:
        """Have credentials; raises what every row would meet, or a `RetryableError` where the run was ended."""
        if self._is_good():
            return
        async with self._turn:
            if self._failure is not None:
                raise self._meaning(self._failure)
            if not self._is_good():
                await self._fetch()

    async def _fetch(self) -> None:
        asked = self._clock.time()
        try:
            self._login.accept(await self._sender.send(self._login.request), asked)
        except RetryableError as error:
            if self._is_over():
                error.maybe_applied = False  # of the row that waits, nothing was sent
                raise
            self._failure = error
        except ApiError as error:
            self._failure = error
        if self._failure is not None:
            # Without the cause, whose frames hold the request; and a new one each time, as each is marked on its way.
            raise self._meaning(self._failure) from None

    def _is_good(self) -> bool:
        return self._auth.headers(self._clock.time()) is not None

    def _meaning(self, error: ApiError) -> FatalError:
        """What a failed login means for those who wait for it: they were not sent, and all meet the same."""
        message = f"{self._host} gives no token: {error.message}"
        match error:
            case UnauthorizedError() | RefusedError() | UnclearError():
                return UnauthorizedError(
                    message,
                    code=error.code,
                    status=error.status,
                    body=error.body,
                    advice=_ADVICE.get(error.code, "Check the token address, the client id and the client secret."),
                )
            case FatalError() if not isinstance(error, OutageError):
                return FatalError(message, code=error.code, status=error.status, body=error.body, advice=error.advice)
            case _:
                reached = error.reached if isinstance(error, OutageError) else True
                return OutageError(message, code=error.code, status=error.status, advice=error.advice, reached=reached)
