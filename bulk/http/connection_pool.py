"""Kept connections to one API: aiohttp opens them, and its session is left out.

A session looks after cookies, redirects, netrc, traces and middlewares on every request, on Python 3.11 writes each
body in a task of its own, and reads answers as streams. Nothing of that is wanted here, and it costs more than all of
what is.
"""

import asyncio
import re
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp.client_reqrep import ClientRequest
from yarl import URL

from bulk.http.connection import Answer, Connection

_BODYLESS: Final = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
"""Methods of which a missing body need not be said to be missing."""
KEPT: Final = 15.0
"""Seconds after which a connection is not used again: servers close those that rest, and a request may cross that."""
_UNFIT: Final = re.compile(r"[^\x21-\x7e]")
"""What no request target holds."""
_BREAKING: Final = re.compile(r"[\r\n\0]")
"""What ends a header field before its time."""


class ConnectionPool:
    """Connections to one API. An async context manager.

    Raises what aiohttp raises: `ClientError`, `OSError`, and `HttpProcessingError` for an answer that is not HTTP.

    `total` is how many seconds one request may take altogether: an answer may come in many small pieces, each in time.
    """

    def __init__(
        self,
        base: str,
        *,
        headers: Mapping[str, str],
        proxy: str | None,
        connect_timeout: float,
        read_timeout: float,
        total: float,
        body_limit: int,
    ) -> None:
        self._base = URL(base, encoded=True)
        self._prefix = urlsplit(base).path
        self._proxy = None if proxy is None else URL(proxy)
        self._timeout = aiohttp.ClientTimeout(total=None, connect=connect_timeout)
        self._read_timeout = read_timeout
        self._total = total
        self._body_limit = body_limit
        host = self._base.host_port_subcomponent or ""
        self._common = _lines({"Host": host, "Accept-Encoding": "gzip, deflate", **headers})
        # Most requests begin as the one before.
        self._asked: tuple[str, str] = ("", "")
        self._start = b""
        self._given: Mapping[str, str] = {}
        self._given_lines = b""
        self._idle: list[Connection] = []
        self._under_way: dict[Connection, float] = {}
        self._alarm: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._connector = aiohttp.TCPConnector(limit=0)  # who sends is bounded by the writer
        # What the connector asks of a request: where it goes, and through which proxy.
        self._destination = ClientRequest("GET", self._base, loop=self._loop, proxy=self._proxy)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        for connection in self._idle:
            connection.close()
        await self._connector.close()

    async def request(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        *,
        body: bytes | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        """Send once and read the answer; `target` is encoded and lies below the base address."""
        message = self._message(method, target, headers, body, content_type)
        connection = self._kept() or await self._opened()
        self._watch(connection)
        try:
            return await connection.talk(message, headless=method == "HEAD")
        finally:
            del self._under_way[connection]
            if connection.reusable:
                self._idle.append(connection)
            else:
                connection.close()

    def _kept(self) -> Connection | None:
        """A connection that rests, the one that has rested least."""
        while self._idle:
            connection = self._idle.pop()
            if connection.reusable and self._loop.time() - connection.heard_at < KEPT:
                return connection
            connection.close()
        return None

    async def _opened(self) -> Connection:
        try:
            connection = await self._connector.connect(self._destination, [], self._timeout)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError from error
        return Connection(connection, self._loop, self._body_limit)

    def _message(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, content_type: str
    ) -> bytes:
        if (method, target) != self._asked:
            self._asked, self._start = (method, target), _start(method, self._prefix + target)
        if headers is not self._given:
            self._given, self._given_lines = headers, _lines(headers)
        if body is not None:
            about = f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            return b"".join((self._start, self._common, self._given_lines, about, body))
        end = b"\r\n" if method in _BODYLESS else b"Content-Length: 0\r\n\r\n"
        return b"".join((self._start, self._common, self._given_lines, end))

    def _watch(self, connection: Connection) -> None:
        """Have the request on this connection end in time, and in less if nothing comes or goes."""
        self._under_way[connection] = self._loop.time() + self._total
        if self._alarm is None:
            self._alarm = self._loop.call_later(min(self._read_timeout, self._total), self._look)

    def _look(self) -> None:
        """End what is overdue, and look again when the next one may be: one timer for all is cheaper than their own."""
        self._alarm = None
        now = self._loop.time()
        due = [
            (min(deadline, connection.heard_at + self._read_timeout), connection)
            for connection, deadline in self._under_way.items()
        ]
        for at, connection in due:
            if at <= now:
                connection.fail(aiohttp.SocketTimeoutError("no answer in time"))
        later = min((at for at, _ in due if at > now), default=None)
        if later is not None:
            self._alarm = self._loop.call_at(later, self._look)


def _start(method: str, target: str) -> bytes:
    """The first line of a message; raises `ValueError` for a target that would be more than one."""
    if not target.startswith("/"):
        target = f"/{target}"
    if _UNFIT.search(target):
        raise ValueError(f"not a request target: {target!r}")
    return f"{method} {target} HTTP/1.1\r\n".encode()


def _lines(headers: Mapping[str, str]) -> bytes:
    """Header fields as they are sent; raises `ValueError` for one that would be several."""
    for name, text in headers.items():
        if _BREAKING.search(name) or _BREAKING.search(text):
            raise ValueError(f"header field {name!r} breaks its line")
    return "".join(f"{name}: {text}\r\n" for name, text in headers.items()).encode("latin-1")
