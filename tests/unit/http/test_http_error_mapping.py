import asyncio
import ssl

import aiohttp
import pytest
from examples import every

from bulk.contracts import Explanation
from bulk.errors import (
    FatalError,
    OutageError,
    RefusedError,
    RetryableError,
    ThrottledError,
    UnauthorizedError,
    UnreachableError,
)
from bulk.http.error_mapping import FOREIGN, MISHAPS, judge, translate
from bulk.http.redaction import Redactor
from bulk.model import Response


def family(base):
    yield base
    for child in base.__subclasses__():
        yield from family(child)


@every("kind", sorted(set(family(aiohttp.ClientError)), key=lambda kind: kind.__name__))
def test_every_error_of_the_transport_has_its_row(kind):
    assert kind in MISHAPS
    assert issubclass(kind, FOREIGN)


@pytest.mark.parametrize("kind", [TimeoutError, asyncio.TimeoutError, ssl.SSLError, OSError, ConnectionResetError])
def test_errors_below_the_transport_are_caught_and_translated_too(kind):
    assert issubclass(kind, FOREIGN)
    assert isinstance(translate(kind(), "api.test", reached=True), UnreachableError)


@pytest.mark.parametrize(
    ("error", "code", "maybe_applied"),
    [
        (aiohttp.ServerDisconnectedError(), "disconnected", True),
        (aiohttp.ClientOSError(104, "Connection reset by peer"), "disconnected", True),
        (aiohttp.SocketTimeoutError(), "read_timeout", True),
        (TimeoutError(), "read_timeout", True),
        (aiohttp.ClientPayloadError(), "truncated", True),
        (aiohttp.ConnectionTimeoutError(), "connect_timeout", False),
        (ssl.SSLError(), "tls", False),
    ],
)
def test_only_what_may_have_reached_the_api_may_have_been_applied(error, code, maybe_applied):
    translated = translate(error, "api.test", reached=True)
    assert isinstance(translated, UnreachableError)
    assert (translated.code, translated.maybe_applied) == (code, maybe_applied)
    assert "api.test" in translated.message


@pytest.mark.parametrize(
    "error", [ssl.SSLCertVerificationError(), aiohttp.InvalidURL("x"), aiohttp.NonHttpUrlClientError("x")]
)
def test_what_no_repetition_can_mend_is_fatal_and_says_what_can(error):
    translated = translate(error, "api.test", reached=False)
    assert isinstance(translated, OutageError)
    assert (translated.exit_code, translate(error, "api.test", reached=True).exit_code) == (69, 5)
    assert translated.advice
    assert not translated.maybe_applied


def answer(status, body=b"", headers=None, *, message="No.", wait=None, secrets=("Bearer s3cr/et",), **explained):
    return judge(
        Response(status=status, headers=headers or {}, body=body),
        explain=lambda _: Explanation(message=message, **explained),
        retry_after=wait,
        redact=Redactor(secrets),
    )


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, RefusedError, "invalid"),
        (401, UnauthorizedError, "unauthorized"),
        (403, UnauthorizedError, "forbidden"),
        (404, RefusedError, "not_found"),
        (405, RefusedError, "http_405"),
        (408, RetryableError, "request_timeout"),
        (409, RefusedError, "conflict"),
        (418, RefusedError, "http_418"),
        (422, RefusedError, "invalid"),
        (425, RetryableError, "too_early"),
        (429, ThrottledError, "throttled"),
        (500, RetryableError, "http_500"),
        (503, RetryableError, "http_503"),
        (599, RetryableError, "http_599"),
        (301, FatalError, "redirected"),
        (304, FatalError, "redirected"),
    ],
)
def test_every_status_has_its_meaning(status, kind, code):
    error = answer(status)
    assert type(error) is kind
    assert (error.code, error.status) == (code, status)


@pytest.mark.parametrize("body", [b'{"error": "insufficient_scope"}', b'{"error": "invalid_token"}'])
def test_a_403_is_about_all_rows_where_the_word_for_it_is_a_missing_scope(body):
    error = answer(403, body, code="insufficient_scope")
    assert isinstance(error, UnauthorizedError) is (b"scope" in body)


def test_a_403_that_the_api_has_a_word_for_is_about_one_row_and_a_401_never_is():
    error = answer(403, code="locked")
    assert type(error) is RefusedError
    assert (error.code, error.status) == ("locked", 403)
    assert type(answer(401, code="locked")) is UnauthorizedError


@pytest.mark.parametrize(
    ("status", "wait", "maybe_applied"),
    [(429, None, False), (408, None, False), (500, None, True), (500, 3.0, True), (503, None, True), (503, 3.0, False)],
)
def test_an_answer_at_the_door_wrote_nothing_and_any_other_fault_of_the_server_may_have(status, wait, maybe_applied):
    error = answer(status, wait=wait)
    assert error.maybe_applied is maybe_applied
    assert error.retry_after == wait


def test_a_redirect_names_where_it_points_and_what_to_correct():
    error = answer(302, headers={"Location": "https://login.test/"})
    assert "https://login.test/" in error.message
    assert "base address" in error.advice


def test_the_words_and_faults_of_the_api_are_kept():
    error = answer(422, b'{"x": 1}', message="Bad name.", code="bad_name", faults=(("name", "too long"),))
    assert (error.message, error.code, error.faults, error.body) == (
        "Bad name.",
        "bad_name",
        (("name", "too long"),),
        '{"x": 1}',
    )


@pytest.mark.parametrize(("status", "phrase"), [(502, "502 Bad Gateway"), (599, "599")])
def test_an_answer_without_words_is_named_by_its_status(status, phrase):
    assert phrase in answer(status, message="").message


def test_a_reader_of_bodies_that_fails_does_not_hide_the_status():
    def explain(_):
        raise RecursionError

    error = judge(Response(status=422, headers={}, body=b"[["), explain=explain, retry_after=None, redact=str)
    assert isinstance(error, RefusedError)
    assert "422" in error.message


def test_a_long_body_is_cut_and_bytes_that_are_no_text_are_borne():
    assert len(answer(500, b"\xff" * 100_000).body) == 2000


@pytest.mark.parametrize("status", [401, 403, 422, 500])
def test_an_answer_that_is_nested_beyond_measure_is_judged_by_its_status(status):
    assert answer(status, b"[" * 100_000 + b"]" * 100_000).status == status


def test_credentials_are_blotted_out_wherever_the_answer_repeats_them():
    body = b"Bearer s3cr/et, s3cr/et, s3cr\\/et, s3cr%2Fet" + b" " * 1990 + b"s3cr/et"
    error = answer(422, body, message="s3cr/et?", faults=(("key", "was s3cr/et"),))
    assert "s3cr" not in f"{error.message}{error.body}{error.faults}"
    assert "s3cr" not in answer(302, headers={"Location": "https://x.test/?t=s3cr/et"}).message


def test_what_an_api_says_neither_steers_a_terminal_nor_fills_the_ledger():
    error = answer(422, message="\x1b[2Jbad\x07\n" + "x" * 10_000, faults=(("na\x1bme", "\u202eevil \x9b5mtext"),))
    assert error.message.startswith(" [2Jbad \nxxx")
    assert len(error.message) == 1000
    assert error.faults == (("na me", " evil  5mtext"),)


def test_what_is_told_of_an_answer_names_its_status():
    assert answer(501, message="no").told == "the API answers 501: no"
    assert answer(501, message="").told == "the API answers 501 Not Implemented"


def test_a_credential_across_the_cut_leaves_no_part_of_itself():
    assert "s3c" not in answer(422, b"x" * 1996 + b"s3cr/et" * 3).body


@pytest.mark.parametrize("cut", ["sent s3cr", "sent Bearer s3cr/e…", "sent s3cr%2F"])
def test_the_beginning_of_a_credential_is_redacted_where_the_text_breaks_off(cut):
    assert "s3c" not in Redactor(["Bearer s3cr/et"])(cut)


def test_a_text_that_ends_in_the_name_of_the_scheme_is_left_as_it_is():
    assert Redactor(["Bearer s3cr/et"])("send it as Bearer") == "send it as Bearer"


def test_nothing_is_redacted_where_there_is_no_secret():
    assert Redactor(["", " "])("all of it") == "all of it"
