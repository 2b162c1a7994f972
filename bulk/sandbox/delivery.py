"""How an answer reaches the client, or fails to."""

import asyncio
import email.utils
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final

from aiohttp import web

from bulk.contracts import Clock
from bulk.sandbox.api import Answer, Api, Call

YEAR: Final = "31536000"
PAUSE: Final = 0.05
"""Seconds between two bytes of a trickle."""
FLOOD: Final = 100 * 1024**2
"""Bytes behind an answer that is huge."""

_PIECE: Final = 1024**2
_GATEWAY_PAGE: Final = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_GATEWAY_SAYS: Final = {"502": "502 Bad Gateway", "504": "504 Gateway Time-out"}
_SILENT: Final = frozenset({"reset_before", "reset_after", "hang", "hang_after"})


def retry_after(form: str, seconds: int, now: float) -> Mapping[str, str]:
    """The header that asks for a wait, as `seconds`, as a `date`, or not at all; `now` is seconds since the epoch."""
    match form:
        case "seconds":
            return {"Retry-After": str(seconds)}
        case "date":
            return {"Retry-After": email.utils.formatdate(now + seconds, usegmt=True)}
        case "absurd":
            return {"Retry-After": YEAR}
        case "malformed":
            return {"Retry-After": "soon"}
        case _:
            return {}


def spoil(kind: str, api: Api, call: Call, answer: Answer | None, *, now: float) -> Answer | None:
    """What is answered under a fault; None if nothing is sent. `answer` is the API's, if the request was carried out.

    The faults of the connection itself are left to `deliver`.
    """
    if kind in _SILENT:
        return None
    status, _, form = kind.partition("_")
    if status in {"429", "503"}:
        return api.error(call, int(status), "").having(retry_after(form or "seconds", 1, now))
    match kind:
        case "401" | "409" | "422" | "500" | "500_after":
            return api.error(call, int(status), "")
        case "502" | "504":
            page = _GATEWAY_PAGE.format(_GATEWAY_SAYS[kind])
            return Answer(status=int(kind), body=page.encode(), content_type="text/html")
        case "redirect":
            return Answer(status=302, content_type="", headers={"Location": "/login"})
        case "204":
            return Answer(status=204, content_type="")
    assert answer is not None, f"{kind} spoils the answer to a request that was carried out"
    match kind:
        case "wrong_type":
            return replace(answer, content_type="text/html")
        case "not_object":
            return replace(answer, body=b'["ok"]')
        case "not_json":
            return replace(answer, body=b"Notice: Undefined index in line 1")
        case _:
            return answer


async def deliver(
    request: web.BaseRequest, kind: str | None, answer: Answer | None, clock: Clock
) -> web.StreamResponse:
    """Send an answer as the fault demands; does not return where the connection is broken or left hanging."""
    if answer is None:
        if kind in {"reset_before", "reset_after"}:
            _reset(request)
        return await _until_the_client_is_gone()
    headers = dict(answer.headers)
    if answer.content_type:
        headers["Content-Type"] = answer.content_type
    if kind == "truncated":
        return await _truncate(request, answer, headers)
    if kind == "trickle":
        return await _trickle(request, answer, headers, clock)
    if kind == "huge":
        return await _flood(request, answer, headers)
    return web.Response(status=answer.status, body=answer.body, headers=headers)


def _reset(request: web.BaseRequest) -> None:
    if request.transport is None:
        return
    connection = request.transport.get_extra_info("socket")
    # Without lingering, the kernel sends RST in place of FIN: what a client sees when a machine on the way gives up.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()


async def _until_the_client_is_gone() -> web.StreamResponse:
    # The server cancels a handler whose connection is lost, and every handler when it stops.
    await asyncio.get_running_loop().create_future()
    raise AssertionError("nobody completes this future")


async def _truncate(request: web.BaseRequest, answer: Answer, headers: Mapping[str, str]) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=headers)
    response.content_length = max(len(answer.body), 2)
    await response.prepare(request)
    await response.write(answer.body[: len(answer.body) // 2] or b"{")
    if request.transport is not None:
        request.transport.close()
    return await _until_the_client_is_gone()


async def _flood(request: web.BaseRequest, answer: Answer, headers: Mapping[str, str]) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=headers)
    response.content_length = len(answer.body) + FLOOD
    await response.prepare(request)
    await response.write(answer.body)
    with suppress(ConnectionError):  # who has had enough leaves
        for _ in range(FLOOD // _PIECE):
            await response.write(b" " * _PIECE)
    return response


async def _trickle(
    request: web.BaseRequest, answer: Answer, headers: Mapping[str, str], clock: Clock
) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=headers)
    response.content_length = len(answer.body)
    await response.prepare(request)
    for byte in answer.body:
        await response.write(bytes((byte,)))
        await clock.sleep(PAUSE)
    return response
