"""A server that costs next to nothing, in a process of its own: what is measured is the client.

It reads as much of HTTP as the clients here speak, and answers every write as Luminous does, with an id of its own.
No event loop of a library serves it: sockets, the poll of Linux, and one answer to all that came in one piece.
"""

import collections
import multiprocessing
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection

BASE = "/external/api/v1"
"""Where the API lies, as with Luminous."""

WATCHED = 0.05
"""Seconds between two looks at how late a timer is."""

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
    """A record of a listing as text around its number, and how many there are; `^` stands for a minute of its own."""


class _Stand:
    """The whole server."""

    def __init__(self, manner: Manner, pipe: Connection) -> None:
        self._manner = manner
        self._latency = manner.latency
        self._plain = manner.limit is None and not manner.headers
        """Whether every write is answered alike."""
        self._pipe = pipe
        self._poll = select.epoll()
        self._readers: dict[int, Callable[[], None]] = {}
        """Who is called when there is something to read, by descriptor."""
        self._requests = self._refused = 0
        self._by_second = collections.Counter()
        self._recent = collections.deque()
        self._answers = collections.deque()
        """When each answer is due that waits, on which connection, and what it is."""
        self._late = []
        self._watched = time.monotonic() + WATCHED
        self._serving = True

    def serve(self) -> None:
        """Until told to end through the pipe."""
        listening = socket.create_server(("127.0.0.1", 0), backlog=1000)
        self._heed(listening.fileno(), partial(self._accept, listening))
        self._heed(self._pipe.fileno(), self._obey)
        self._pipe.send(listening.getsockname()[1])
        poll, readers = self._poll.poll, self._readers
        while self._serving:
            due = min(self._answers[0][0], self._watched) if self._answers else self._watched
            for place, _ in poll(max(0.0, due - time.monotonic())):
                readers[place]()
            if (now := time.monotonic()) >= due or self._answers:
                self._keep_time(now)

    def _heed(self, place: int, reader: Callable[[], None]) -> None:
        self._readers[place] = reader
        self._poll.register(place, select.EPOLLIN)

    def _obey(self) -> None:
        asked = self._pipe.recv()
        if not asked:
            self._serving = False
        else:
            told = {
                "counts": (self._requests, self._refused, dict(self._by_second)),
                "late": self._late,
                "cpu": time.process_time(),
            }
            self._pipe.send(told[asked])

    def _keep_time(self, now: float) -> None:
        """Send the answers that are due, and note by how much timers are late: whatever the program does, they are."""
        while self._answers and self._answers[0][0] <= now:
            _, connection, answer = self._answers.popleft()
            _send(connection, answer)
        if now >= self._watched:
            self._late.append(now - self._watched)
            self._watched = now + WATCHED

    def _accept(self, listening: socket.socket) -> None:
        connection, _ = listening.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # It is read when there is something to read, and who has asked reads the answer: neither has to wait.
        connection.setblocking(True)
        self._heed(connection.fileno(), partial(self._read, connection, bytearray()))

    def _read(self, connection: socket.socket, buffer: bytearray) -> None:
        try:
            data = connection.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self._poll.unregister(connection.fileno())
            connection.close()
            return
        if buffer:
            buffer += data
            data = bytes(buffer)
        end = _end(data, 0)
        if end == len(data):  # as most come, one at a time and whole
            answers, rest = self._answer(data, 0), b""
        else:
            answers, start = b"", 0
            while end is not None:
                answers += self._answer(data, start)
                start, end = end, _end(data, end)
            rest = data[start:]
        if buffer or rest:
            buffer[:] = rest
        if self._latency:
            if answers:
                self._answers.append((time.monotonic() + self._latency, connection, answers))
        elif answers:
            _send(connection, answers)

    def _answer(self, data: bytes, start: int) -> bytes:
        """What is answered to the request that begins there."""
        self._requests = number = self._requests + 1
        if self._plain and not data.startswith(b"GET", start):
            return _SAVED[len(str(number))] % number
        manner = self._manner
        if manner.limit is not None and not self._allowed():
            self._refused += 1
            more = f"{self._told()}Retry-After: 1\r\n" if manner.headers else ""
            return _message("429 Too Many Requests", '{"message":"Too Many Attempts."}', more)
        if data.startswith(b"GET", start):
            return _message("200 OK", self._page(data[start:]) if manner.pages else _NOTHING)
        if manner.headers:
            return _message("200 OK", _RECORD % number, self._told())
        return _SAVED[len(str(number))] % number

    def _allowed(self) -> bool:
        now, recent = time.monotonic(), self._recent
        while recent and recent[0] <= now - 1.0:
            recent.popleft()
        if len(recent) >= self._manner.limit:
            return False
        recent.append(now)
        self._by_second[int(now)] += 1
        return True

    def _told(self) -> str:
        limit = self._manner.limit
        left = limit - len(self._recent)
        return f"X-RateLimit-Limit: {limit}\r\nX-RateLimit-Remaining: {left}\r\nX-RateLimit-Reset: 1\r\n"

    def _page(self, request: bytes) -> str:
        before, after, total = self._manner.pages
        query = dict(pair.split("=", 1) for pair in request.split(b" ", 2)[1].decode().partition("?")[2].split("&"))
        page, size = int(query.get("page", 1)), int(query.get("per_page", 100))
        numbers = range((page - 1) * size + 1, min(page * size, total) + 1)
        records = ",".join(
            f"{before}{number}{after.replace('#', str(number)).replace('^', _minute(number))}" for number in numbers
        )
        meta = f'{{"total":{total},"per_page":{size},"current_page":{page},"last_page":{-(-total // size)}}}'
        return f'{{"data":[{records}],"meta":{meta}}}'


def _end(data: bytes, start: int) -> int | None:
    """Where a request ends that begins there; None if it is not all there yet."""
    body = data.find(b"\r\n\r\n", start) + 4
    if body < 4:
        return None
    place = data.find(b"Content-Length: ", start, body)
    if place < 0:  # not as most write it, or there is no body
        place = data[start:body].lower().find(b"content-length: ")
        place += start if place >= 0 else 0
    end = body if place < 0 else body + int(data[place + 16 : data.find(b"\r\n", place)])
    return end if end <= len(data) else None


def _minute(number: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:00Z", time.gmtime(1_700_000_000 + 60 * number))


def _message(status: str, body: str, more: str = "") -> bytes:
    return (_KEEP.format(status=status, more=more, size=len(body)) + body).encode()


_SAVED = [
    (_KEEP.format(status="200 OK", more="", size=len(_RECORD) - len("%d") + digits) + _RECORD).encode()
    for digits in range(12)
]
"""What is answered to most writes, by how many digits the id has."""


def _send(connection: socket.socket, answer: bytes) -> None:
    try:  # noqa: SIM105  # a context manager costs a twentieth of all that is done for a request
        connection.sendall(answer)
    except OSError:  # who has gone meanwhile needs no answer
        pass


def _serve(manner: Manner, pipe: Connection) -> None:
    _Stand(manner, pipe).serve()


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

    def cpu(self) -> float:
        """CPU seconds that it has spent so far."""
        self._pipe.send("cpu")
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
