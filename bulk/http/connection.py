"""One kept connection to an API: a message out, an answer in."""

import asyncio
import zlib
from typing import Final, NamedTuple

import aiohttp
from aiohttp import connector
from aiohttp.http_exceptions import ContentEncodingError, HttpProcessingError
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from multidict import CIMultiDict, CIMultiDictProxy

HEAD_LIMIT: Final = 64 * 1024
"""Bytes of the head of an answer that are read at most."""
_EITHER: Final = zlib.MAX_WBITS | 32
"""Has zlib tell gzip from deflate."""


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


class Connection(asyncio.Protocol):
    """Takes over a connection that aiohttp has opened, and reads answers from it without aiohttp's streams.

    One request at a time. After anything but a whole answer `reusable` is false.
    """

    def __init__(self, connection: connector.Connection, loop: asyncio.AbstractEventLoop, body_limit: int) -> None:
        handler, transport = connection.protocol, connection.transport
        if handler is None or transport is None:
            raise aiohttp.ClientConnectionResetError("the connection was closed before its turn")
        self._connection = connection
        self._handler = handler
        self._transport = transport
        self._loop = loop
        self._body_limit = body_limit
        self._parser = HttpResponseParser(self)
        self._waiter: asyncio.Future[Answer] | None = None
        self.reusable = True
        """Whether another request may be sent on it."""
        self.heard_at = loop.time()
        """When something last came or went, by the loop's clock."""
        transport.set_protocol(self)

    async def talk(self, message: bytes, *, headless: bool) -> Answer:
        """Send a message and wait for its answer, of which only the head comes when it is `headless`."""
        self.reusable = False
        self._headless = headless
        self._begin()
        waiter: asyncio.Future[Answer] = self._loop.create_future()
        self._waiter = waiter
        self.heard_at = self._loop.time()
        self._transport.write(message)
        return await waiter

    def close(self) -> None:
        """Give it up, whatever is under way."""
        self.reusable = False
        self._connection.close()

    def fail(self, error: BaseException) -> None:
        """End the request that is under way."""
        self.reusable = False
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(error)

    # What the transport tells.

    def data_received(self, data: bytes) -> None:
        if self._waiter is None:  # an answer that nobody asked for must not become that of the next request
            self.close()
            return
        self.heard_at = self._loop.time()
        if not self._head_read:
            self._head_size += len(data)
            if self._head_size > HEAD_LIMIT and b"\r\n\r\n" not in data:
                self.fail(HttpProcessingError(message="the head of the answer has no end"))
                return
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self.reusable = False  # where what cannot be read follows a whole answer
            self.fail(HttpProcessingError(message="not an answer in HTTP"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.reusable = False
        if self._waiter is not None:
            if isinstance(exc, OSError):
                self.fail(aiohttp.ClientOSError(*exc.args))
            elif exc is None and self._head_read and self._is_open_ended():
                self._complete(keeps=False)
            elif self._head_read:
                self.fail(aiohttp.ClientPayloadError("the answer broke off"))
            else:
                self.fail(aiohttp.ServerDisconnectedError())
        self._handler.connection_lost(exc)  # the connector waits for this when it is closed
        self._connection.close()

    # What the parser tells, in this order; none of it may raise.

    def _begin(self) -> None:
        self._fields: list[tuple[bytes, bytes]] = []
        self._pieces: list[bytes] = []
        self._size = 0
        self._head_size = 0
        self._head_read = False

    def on_message_begin(self) -> None:
        if self._waiter is None:
            self.reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._head_read:  # trailers say nothing that is wanted
            self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()
        if self._status < 200:  # noqa: PLR2004  # an interim answer; switching protocols was not offered
            return
        self._head_read = True
        if self._headless:
            keeps, self._parser = self._parser.should_keep_alive(), HttpResponseParser(self)
            self._complete(keeps=keeps)  # the parser cannot be told that no body follows

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > self._body_limit:
            self.fail(OversizedError(self._status))
        else:
            self._pieces.append(body)

    def on_message_complete(self) -> None:
        if self._head_read:
            self._complete(keeps=self._parser.should_keep_alive())
        else:
            self._fields = []  # the interim answer is over

    def _complete(self, *, keeps: bool) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is None or waiter.done():
            return
        headers = CIMultiDict(
            [
                (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
                for name, value in self._fields
            ]
        )
        body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        try:
            if body and "Content-Encoding" in headers:
                body = self._unpacked(body, headers["Content-Encoding"])
        except (OversizedError, HttpProcessingError, aiohttp.ClientPayloadError) as error:
            waiter.set_exception(error)
            return
        # What was answered before it was heard out would have its rest taken for the next request.
        self.reusable = keeps and not self._transport.get_write_buffer_size()
        waiter.set_result(Answer(self._status, CIMultiDictProxy(headers), body))

    def _is_open_ended(self) -> bool:
        """Whether the end of the connection is the end of the body."""
        return {name.lower() for name, _ in self._fields}.isdisjoint({b"content-length", b"transfer-encoding"})

    def _unpacked(self, body: bytes, encoding: str) -> bytes:
        for name in reversed(encoding.lower().split(",")):
            match name.strip():
                case "" | "identity":
                    continue
                case "gzip" | "x-gzip" | "deflate":
                    body = self._inflated(body)
                case _:
                    raise ContentEncodingError(f"an encoding that was not asked for: {name.strip()}")
        return body

    def _inflated(self, body: bytes) -> bytes:
        try:
            unpacker = zlib.decompressobj(_EITHER)
            try:
                text = unpacker.decompress(body, self._body_limit + 1)
            except zlib.error:
                unpacker = zlib.decompressobj(-zlib.MAX_WBITS)  # deflate as some servers understand it
                text = unpacker.decompress(body, self._body_limit + 1)
        except zlib.error:
            raise ContentEncodingError("not compressed as it says") from None
        if len(text) > self._body_limit:
            raise OversizedError(self._status)
        if not unpacker.eof:
            raise aiohttp.ClientPayloadError("the compressed answer broke off")
        return text
