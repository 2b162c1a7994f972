"""A server that costs next to nothing, in a process of its own: what is measured is the client.

It reads as much of HTTP as the clients here speak, and answers every write as Luminous does, with an id of its own.
"""

import asyncio
import collections
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

BASE = "/external/api/v1"
"""Where the API lies, as with Luminous."""

_KEEP = "HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{more}Content-Length: {size}\r\n\r\n"
_RECORD = (
    '{"data":{"id":%d,"created_at":"2026-01-05T08:00:00Z","updated_at":"2026-11-22T10:00:00Z","type":"PRODUCT",'
    '"discontinued":false,"category":null,"supplier":null,"image_url":null,"tags":[],"custom_fields":{},"variants":[]}}'
)


_NOTHING = '{"data":[],"meta":{"total":0,"per_page":100,"current_page":1,"last_page":1}}'


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How the server behaves."""

    latency: float = 0.0
    """Seconds before each answer."""
    limit: int | None = None
    """Requests that any window of one second may hold; more are answered 429."""
    headers: bool = False
    """Whether it tells the limit and what is left of it, and how long to wait, in header fields."""
    pages: tuple[str, str, int] | None = None
    """A record of a listing as text around its number, and how many records there are."""


class _Answering(asyncio.Protocol):
    """One connection."""

    def __init__(self, stand: "_Stand") -> None:
        self._stand = stand
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            place = head.lower().find(b"content-length:")
            size = int(head[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
            if len(self._buffer) < end + 4 + size:
                return
            self._buffer = self._buffer[end + 4 + size :]
            answer = self._stand.answer(head)
            if self._stand.manner.latency:
                asyncio.get_running_loop().call_later(self._stand.manner.latency, self._transport.write, answer)
            else:
                self._transport.write(answer)


class _Stand:
    """The whole server."""

    def __init__(self, manner: Manner) -> None:
        self.manner = manner
        self.requests = self.refused = 0
        self.by_second = collections.Counter()
        self._recent = collections.deque()

    def answer(self, head: bytes) -> bytes:
        self.requests += 1
        if self.manner.limit is not None and not self._allowed():
            self.refused += 1
            more = f"{self._told()}Retry-After: 1\r\n" if self.manner.headers else ""
            return _message("429 Too Many Requests", '{"message":"Too Many Attempts."}', more)
        if head.startswith(b"GET"):
            return _message("200 OK", self._page(head) if self.manner.pages else _NOTHING)
        return _message("200 OK", _RECORD % self.requests, self._told() if self.manner.headers else "")

    def _allowed(self) -> bool:
        now, recent = time.monotonic(), self._recent
        while recent and recent[0] <= now - 1.0:
            recent.popleft()
        if len(recent) >= self.manner.limit:
            return False
        recent.append(now)
        self.by_second[int(now)] += 1
        return True

    def _told(self) -> str:
        left = self.manner.limit - len(self._recent)
        return f"X-RateLimit-Limit: {self.manner.limit}\r\nX-RateLimit-Remaining: {left}\r\nX-RateLimit-Reset: 1\r\n"

    def _page(self, head: bytes) -> str:
        before, after, total = self.manner.pages
        query = dict(pair.split("=", 1) for pair in head.split(b" ", 2)[1].decode().partition("?")[2].split("&"))
        page, size = int(query.get("page", 1)), int(query.get("per_page", 100))
        numbers = range((page - 1) * size + 1, min(page * size, total) + 1)
        records = ",".join(f"{before}{number}{after.replace('#', str(number))}" for number in numbers)
        meta = f'{{"total":{total},"per_page":{size},"current_page":{page},"last_page":{-(-total // size)}}}'
        return f'{{"data":[{records}],"meta":{meta}}}'


def _message(status: str, body: str, more: str = "") -> bytes:
    return (_KEEP.format(status=status, more=more, size=len(body)) + body).encode()


def _serve(manner: Manner, pipe: Connection) -> None:
    async def run() -> None:
        stand = _Stand(manner)
        server = await asyncio.get_running_loop().create_server(lambda: _Answering(stand), "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        late: list[float] = []
        watch = asyncio.create_task(_watch(late))
        while asked := await asyncio.to_thread(pipe.recv):
            pipe.send(late if asked == "late" else (stand.requests, stand.refused, dict(stand.by_second)))
        watch.cancel()

    asyncio.run(run())


async def _watch(late: list[float]) -> None:
    """Note by how much timers are late, every twentieth of a second: whatever the program does, the machine is."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + 0.05
        await asyncio.sleep(0.05)
        late.append(loop.time() - due)


@dataclass(frozen=True, kw_only=True)
class Stand:
    """A server that is running."""

    url: str
    """Base address of the API."""
    _pipe: Connection

    def counts(self) -> tuple[int, int, dict[int, int]]:
        """Requests so far, how many of them were refused, and how many were not by second of the monotonic clock."""
        self._pipe.send("counts")
        return self._pipe.recv()

    def lateness(self) -> str:
        """How late timers are that this process sets, which does next to nothing: what the machine itself costs."""
        self._pipe.send("late")
        late = sorted(self._pipe.recv())
        if not late:
            return "timers not watched"
        middle, most, once = (1000 * late[int(share * (len(late) - 1))] for share in (0.5, 0.99, 1))
        return f"timers late by {middle:.0f} to {most:.0f} ms, once by {once:.0f}"


@contextmanager
def stand(**manner: object) -> Iterator[Stand]:
    """Serve in a process of its own until the context is left."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(Manner(**manner), there), daemon=True)
    process.start()
    there.close()  # a server that dies is noticed
    try:
        yield Stand(url=f"http://127.0.0.1:{here.recv()}{BASE}", _pipe=here)
    finally:
        here.send(False)
        process.join()
