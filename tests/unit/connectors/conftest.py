"""Stepping conversations by hand: what they ask, and what they are told."""

import json

import pytest
from msgspec.structs import replace

from bulk.model import Record, Request, Response


def record(document, key="A-1", **more):
    return Record(row=2, key=key, payload=json.dumps(document, separators=(",", ":")), digest=b"", **more)


def answer(body, status=200, attempts=1, **headers):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status=status, headers=headers, body=body, attempts=attempts)


def play(flow, *answers):
    """Step a conversation with the given answers or errors: the requests it made, and what it returned.

    A walk's pages are collected as `(requests, pages)`.
    """
    requests, pages, told = [], [], list(answers)
    try:
        step = next(flow)
        while True:
            if isinstance(step, Request):
                requests.append(step)
                word = told.pop(0)
                step = flow.throw(word) if isinstance(word, Exception) else flow.send(_read_as_asked(step, word))
            else:
                pages.append(step)
                step = next(flow)
    except StopIteration as end:
        assert not told, f"never asked for: {told}"
        return requests, pages if end.value is None and pages else end.value


def _read_as_asked(request, answer):
    """The answer as a client gives it: a good one is read in the way that the request wants."""
    return replace(answer, reader=request.reader) if answer.status < 300 else answer


@pytest.fixture(name="record")
def _record():
    return record


@pytest.fixture(name="answer")
def _answer():
    return answer


@pytest.fixture(name="play")
def _play():
    return play
