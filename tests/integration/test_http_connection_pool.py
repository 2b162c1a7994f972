"""Requests and answers on the wire, where the client's own tests do not look closely enough."""

import asyncio
import gzip
import zlib
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import http_exceptions

from bulk.http.connection import OversizedError
from bulk.http.connection_pool import ConnectionPool

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@asynccontextmanager
async def exchanging(handle, *, headers=None, total=60.0):
    """A pool with a server that handles each connection so, and the connections."""
    connections = []

    async def connected(reader, writer):
        connections.append(writer)
        try:
            await handle(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api"
    pool = ConnectionPool(
        base, headers=headers or {}, proxy=None, connect_timeout=5.0, read_timeout=5.0, total=total, body_limit=100
    )
    async with pool:
        yield pool, connections
    server.close()


async def heard(reader):
    """The next request: its head, and its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
    return head, await reader.readexactly(int(fields.get("Content-Length", 0)))


async def test_the_message_names_its_host_its_length_and_its_type():
    heads = []

    async def handle(reader, writer):
        while True:
            heads.append(await heard(reader))
            writer.write(OK)

    async with exchanging(handle, headers={"User-Agent": "bulk/1"}) as (pool, connections):
        await pool.request("PATCH", "/things?a=b", {"Authorization": "Bearer x"}, body=b'{"a":1}')
        await pool.request("GET", "/things", {"Authorization": "Bearer y"})
        await pool.request("POST", "/things", {"Authorization": "Bearer y"})
        assert len(connections) == 1
    port = heads[0][0].split("127.0.0.1:")[1].split("\r\n")[0]
    head, body = heads[0]
    assert body == b'{"a":1}'
    assert head == (
        f"PATCH /api/things?a=b HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Encoding: gzip, deflate\r\n"
        "User-Agent: bulk/1\r\nAuthorization: Bearer x\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n"
    )
    assert heads[1][0].endswith("Authorization: Bearer y\r\n\r\n")
    assert heads[2][0].endswith("Authorization: Bearer y\r\nContent-Length: 0\r\n\r\n")


async def test_an_interim_answer_is_not_the_answer():
    async def handle(reader, writer):
        await heard(reader)
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK)
        await heard(reader)

    async with exchanging(handle) as (pool, _):
        answer = await pool.request("PATCH", "/", {}, body=b"{}")
    assert (answer.status, answer.body) == (200, b"{}")


async def test_an_answer_in_chunks_and_compressed_is_read_whole():
    packed = gzip.compress(b'{"id": 1}')

    async def handle(reader, writer):
        await heard(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in (packed[:7], packed[7:]):
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
        writer.write(b"0\r\n\r\n")
        await heard(reader)

    async with exchanging(handle) as (pool, _):
        assert (await pool.request("GET", "/", {})).body == b'{"id": 1}'


async def test_a_connection_of_which_the_body_was_not_heard_out_is_not_used_again():
    async def handle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        await asyncio.Event().wait()

    async with exchanging(handle) as (pool, connections):
        for _ in range(2):
            assert (await pool.request("POST", "/", {}, body=b"x" * 50_000_000)).status == 413
        assert len(connections) == 2


async def test_a_connection_that_the_server_is_about_to_close_is_not_used_again():
    async def handle(reader, writer):
        while True:
            await heard(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")

    async with exchanging(handle) as (pool, connections):
        for _ in range(2):
            await pool.request("GET", "/", {})
        assert len(connections) == 2


async def test_each_request_has_its_own_time_whenever_it_began():
    async def handle(reader, writer):
        while True:
            head, _ = await heard(reader)
            if "/slow" in head:
                await asyncio.Event().wait()
            writer.write(OK)

    async with exchanging(handle, total=0.2) as (pool, _):
        for _ in range(2):
            await pool.request("GET", "/quick", {})
            with pytest.raises(aiohttp.ServerTimeoutError):
                await pool.request("GET", "/slow", {})


@pytest.mark.parametrize("target", ["/a b", "/a\r\nX: y", "/ä", "/\0"])
async def test_no_target_can_be_more_than_one(target):
    async with exchanging(heard) as (pool, _):
        with pytest.raises(ValueError, match="target"):
            await pool.request("GET", target, {})


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb", "a\0"])
async def test_no_header_field_can_be_more_than_one(value):
    async with exchanging(heard) as (pool, _):
        with pytest.raises(ValueError, match="X-One"):
            await pool.request("GET", "/", {"X-One": value})


@pytest.mark.parametrize("pack", [zlib.compress, lambda text: zlib.compress(text)[2:-4]])
async def test_deflate_is_understood_as_it_is_written_and_as_some_servers_write_it(pack):
    packed = pack(b'{"id": 1}')

    async def handle(reader, writer):
        await heard(reader)
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: %d\r\n\r\n%b" % (len(packed), packed)
        )
        await heard(reader)

    async with exchanging(handle) as (pool, _):
        assert (await pool.request("GET", "/", {})).body == b'{"id": 1}'


@pytest.mark.parametrize(
    ("head", "body", "error"),
    [
        (b"Content-Encoding: gzip", gzip.compress(b"{}", mtime=0)[:-6], aiohttp.ClientPayloadError),
        (b"Content-Encoding: gzip", b"not compressed", http_exceptions.ContentEncodingError),
        (b"Content-Encoding: br", b"never asked for", http_exceptions.ContentEncodingError),
        (b"Content-Encoding: gzip", gzip.compress(bytes(101), mtime=0), OversizedError),
        (b"X: y", bytes(101), OversizedError),
    ],
)
async def test_a_body_that_is_not_what_it_says_is_no_answer(head, body, error):
    async def handle(reader, writer):
        await heard(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n%b\r\nContent-Length: %d\r\n\r\n%b" % (head, len(body), body))
        await heard(reader)

    async with exchanging(handle) as (pool, connections):
        for _ in range(2):
            with pytest.raises(error):
                await pool.request("GET", "/", {})
        assert len(connections) == 2


async def test_a_body_without_a_length_ends_with_the_connection():
    async def handle(reader, writer):
        await heard(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n{")
        await writer.drain()
        writer.write(b"}")

    async with exchanging(handle) as (pool, connections):
        for _ in range(2):
            assert (await pool.request("GET", "/", {})).body == b"{}"
        assert len(connections) == 2


async def test_only_the_head_of_an_answer_to_head_is_waited_for():
    async def handle(reader, writer):
        while True:
            await heard(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nX-One: 1\r\n\r\n")

    async with exchanging(handle) as (pool, connections):
        for _ in range(2):
            answer = await pool.request("HEAD", "/", {})
            assert (answer.status, answer.headers["x-one"], answer.body) == (200, "1", b"")
        assert len(connections) == 1


@pytest.mark.parametrize("more", [OK, b"\r\n\r\n", b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"])
async def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next_one(more):
    async def handle(reader, writer):
        while True:
            await heard(reader)
            writer.write(OK + more)

    async with exchanging(handle) as (pool, connections):
        for _ in range(3):
            assert (await pool.request("GET", "/", {})).status == 200
        assert len(connections) in ({3} if more != b"\r\n\r\n" else {1, 3})


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 100_000,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_no_answer(said):
    async def handle(reader, writer):
        await heard(reader)
        writer.write(said)
        await writer.drain()
        await asyncio.Event().wait()

    async with exchanging(handle) as (pool, _):
        with pytest.raises(http_exceptions.HttpProcessingError):
            await pool.request("GET", "/", {})


async def test_a_connection_that_breaks_off_says_how_far_it_came():
    said = [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"]

    async def handle(reader, writer):
        await heard(reader)
        writer.write(said.pop(0))

    async with exchanging(handle) as (pool, _):
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await pool.request("GET", "/", {})
        with pytest.raises(aiohttp.ClientPayloadError):
            await pool.request("GET", "/", {})
