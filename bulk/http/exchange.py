"""One request and its answer on a kept connection: aiohttp's connections and reader of answers, without its session.

A session looks after cookies, redirects, netrc, traces and middlewares on every request, and on Python 3.11 writes each
body in a task of its own. Nothing of that is wanted here, and it costs more than all of what is.
"""

import asyncio
import re
from collections.abc import Mapping
from types import TracebackType
from typing import Final, NamedTuple, Self
from urllib.parse import urlsplit

import aiohttp
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from multidict import CIMultiDictProxy
from yarl import URL

_BODYLESS: Final = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
"""Methods of which a missing body need not be said to be missing."""
_INTERIM: Final = frozenset({100, *range(102, 200)})
"""Statuses that announce another answer."""
_UNFIT: Final = re.compile(r"[^\x21-\x7e]")
"""What no request target holds."""
_BREAKING: Final = re.compile(r"[\r\n\0]")
"""What ends a header field before its time."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes


class OversizedError(Exception):
    """An answer went on beyond the limit; carries its status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Exchange:
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
        self._given: Mapping[str, str] = {}
        self._given_lines = b""
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
        try:
            connection = await self._connector.connect(self._destination, [], self._timeout)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError from error
        self._watch(connection)
        try:
            answer, left = await self._talk(connection, message, headless=method == "HEAD")
        except BaseException:
            connection.close()
            raise
        finally:
            del self._under_way[connection]
        if left:  # answered before it was heard out: the rest would be taken for the next request
            connection.close()
        else:
            connection.release()
        return answer

    async def _talk(self, connection: Connection, message: bytes, *, headless: bool) -> tuple[Answer, int]:
        """The answer to a message, and how many bytes of the message were not sent by then."""
        protocol, transport = connection.protocol, connection.transport
        if protocol is None or transport is None:
            raise aiohttp.ClientConnectionResetError("the connection was closed before its turn")
        protocol.set_response_params(skip_payload=headless, read_until_eof=True, read_timeout=self._read_timeout)
        transport.write(message)
        protocol.start_timeout()
        head, content = await protocol.read()
        while head.code in _INTERIM:
            head, content = await protocol.read()
        pieces, size = [], 0
        while not content.at_eof():
            piece = await content.readany()
            pieces.append(piece)
            size += len(piece)
            if size > self._body_limit:
                raise OversizedError(head.code)
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return Answer(head.code, head.headers, body), transport.get_write_buffer_size()

    def _message(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, content_type: str
    ) -> bytes:
        target = self._prefix + target
        if not target.startswith("/"):
            target = f"/{target}"
        if _UNFIT.search(target):
            raise ValueError(f"not a request target: {target!r}")
        if headers is not self._given:
            self._given, self._given_lines = headers, _lines(headers)
        start = f"{method} {target} HTTP/1.1\r\n".encode()
        if body is not None:
            about = f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            return b"".join((start, self._common, self._given_lines, about, body))
        end = b"\r\n" if method in _BODYLESS else b"Content-Length: 0\r\n\r\n"
        return b"".join((start, self._common, self._given_lines, end))

    def _watch(self, connection: Connection) -> None:
        """Have the request on this connection end in time. All are given as long, so that they end in their order."""
        self._under_way[connection] = self._loop.time() + self._total
        if self._alarm is None:
            self._alarm = self._loop.call_later(self._total, self._overdue)

    def _overdue(self) -> None:
        self._alarm = None
        now = self._loop.time()
        for connection, deadline in self._under_way.items():
            if deadline > now:
                self._alarm = self._loop.call_at(deadline, self._overdue)
                return
            if connection.protocol is not None:
                # There is no public way to end the wait for an answer as the reader itself would.
                connection.protocol._on_read_timeout()  # noqa: SLF001  # see above


def _lines(headers: Mapping[str, str]) -> bytes:
    """Header fields as they are sent; raises `ValueError` for one that would be several."""
    for name, text in headers.items():
        if _BREAKING.search(name) or _BREAKING.search(text):
            raise ValueError(f"header field {name!r} breaks its line")
    return "".join(f"{name}: {text}\r\n" for name, text in headers.items()).encode("latin-1")
