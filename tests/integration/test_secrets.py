"""Credentials in answers that repeat them, and what the net that every test hangs in would catch."""

import json
import sqlite3

import pytest
from leaping import LoopClock, leaping
from secrecy import leaks, tells
from wire import Api, reply, serving


def echo(status, **headers):
    """An answer that repeats whatever it was sent, over and over."""

    async def answer(writer, path):
        said = echoing.requests[-1][2]["authorization"]
        body = json.dumps({"message": said, "errors": {"name": [f"no {said}"], said: [said]}, "trace": said * 50})
        return reply(status, body.encode(), **headers, X_Debug=said)

    echoing = Api(answer)
    return echoing


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 409, 422, 429, 500, 503])
@leaping
async def test_an_answer_that_repeats_the_credential_leaves_it_nowhere(desk, catalog, tmp_path, status):
    api, desk.clock = echo(status, Location="/login"), LoopClock
    async with serving(api) as port:
        desk.point_to(f"http://127.0.0.1:{port}/external/api/v1")
        run = await desk.load(catalog(3))
    assert api.requests[0][2]["authorization"] == "Bearer t0ken"
    assert run.totals.closes
    shown = [run, *desk.events, *await desk.rows(cells=True)]
    assert not tells(str(shown))
    assert leaks(tmp_path) == []


def test_the_net_catches_a_credential_in_a_page_of_a_ledger_and_in_a_journal(tmp_path):
    connection = sqlite3.connect(tmp_path / "ledger.db")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE entry (message)")
    connection.execute("INSERT INTO entry VALUES ('Bearer t0' || 'ken')")
    connection.commit()
    assert leaks(tmp_path) == [str(tmp_path / "ledger.db-wal")]
    connection.close()
    assert leaks(tmp_path) == [str(tmp_path / "ledger.db")]
    (tmp_path / "ledger.db").unlink()
