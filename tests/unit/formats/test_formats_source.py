"""What a source may be called, and what is said when there is none."""

import gzip
import hashlib
import os
import socket
import sys
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bulk.contracts import ReadOptions
from bulk.errors import ConfigurationError, SourceError, UsageError
from bulk.formats import FORMATS, format_for, open_source


@pytest.fixture
def folder(tmp_path):
    for name in ("b", "a"):
        (tmp_path / f"{name}.csv").write_text(f"sku\n{name}\n")
    return tmp_path


def test_a_glob_gives_its_files_sorted(folder):
    with open_source(str(folder / "?.csv")) as source:
        assert [Path(table.path).name for table in source.tables] == ["a.csv", "b.csv"]
        assert source.name == str(folder / "?.csv")


def test_a_file_whose_name_looks_like_a_glob_is_that_file(folder):
    (folder / "[a].csv").write_text("sku\nitself\n")
    with open_source(str(folder / "[a].csv")) as source:
        assert next(source.tables[0].chunks())["sku"].item() == "itself"


def test_a_file_whose_name_is_no_text_is_refused_since_no_run_could_remember_it(folder):
    name = str(folder / "a\udcff.csv")
    with pytest.raises(SourceError, match="bytes that are not UTF-8 text") as refused:
        open_source(name)
    assert str(refused.value).isascii()


def test_the_digest_of_one_file_is_that_of_its_content(folder):
    with open_source(str(folder / "a.csv")) as source:
        assert source.sha256 == hashlib.sha256(b"sku\na\n").hexdigest()


def test_the_digest_of_several_files_depends_on_their_order(folder):
    with open_source(str(folder / "*.csv")) as source:
        before = source.sha256
    (folder / "a.csv").rename(folder / "c.csv")
    with open_source(str(folder / "*.csv")) as source:
        assert source.sha256 != before


def test_a_file_changed_before_it_is_digested_is_refused(folder):
    with open_source(str(folder / "a.csv")) as source:
        (folder / "a.csv").write_text("sku\nother\n")
        with pytest.raises(SourceError, match="changed while it was being read"):
            _ = source.sha256


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none.csv", "there is no such file"),
        ("*.tsv", "no file matches"),
        (".", "this is a folder"),
        ("a.txt", "does not say what format"),
    ],
)
def test_what_cannot_be_opened_is_explained(folder, name, reason):
    (folder / "a.txt").write_text("sku\n")
    with pytest.raises(SourceError, match=reason):
        open_source(str(folder / name))


def test_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(SourceError, match="read only once"):
        open_source(str(tmp_path / "pipe.csv"))


def test_a_file_that_the_system_will_not_open_is_explained():
    with pytest.raises(SourceError, match="/proc/self/mem"):
        open_source("/proc/self/mem", ReadOptions(format="csv"))


def test_an_unknown_suffix_names_the_known_ones_and_the_option():
    with pytest.raises(SourceError) as caught:
        format_for("catalog.ods")
    assert ".xlsx" in caught.value.advice
    assert "--format" in caught.value.advice


def test_an_unknown_format_is_wrong_usage():
    with pytest.raises(UsageError, match="unknown format 'ods'"):
        format_for("catalog.csv", "ods")


def test_every_ceiling_is_stated():
    assert {format.name for format in FORMATS.values() if format.ceiling} == {"xlsx", "json"}


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("a.csv", ReadOptions(sheet="One"), "--sheet means nothing for csv"),
        ("a.json", ReadOptions(delimiter=";"), "--delimiter means nothing for json"),
        ("a.parquet", ReadOptions(encoding="cp1252"), "--encoding means nothing for parquet"),
    ],
)
def test_an_option_of_another_format_is_wrong_usage(folder, name, options, reason):
    (folder / name).touch()
    with pytest.raises(UsageError, match=reason):
        open_source(str(folder / name), options)


@pytest.fixture
def piped(tmp_path, monkeypatch):
    """Gives this process standard input that cannot be read twice, and an empty folder for copies of it."""
    with ExitStack() as opened:

        def pipe(content):
            reading, writing = os.pipe()
            with os.fdopen(writing, "wb") as stream:
                stream.write(content)
            monkeypatch.setattr(sys, "stdin", opened.enter_context(os.fdopen(reading, encoding="utf-8")))
            monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
            return tmp_path

        yield pipe


def test_standard_input_is_copied_for_its_owner_only_and_deleted(piped):
    folder = piped(b"sku\nA\n")
    with open_source("-", ReadOptions(format="csv")) as source:
        assert source.name == "-"
        assert [oct(copy.stat().st_mode)[-3:] for copy in folder.iterdir()] == ["600"]
        for _ in range(2):
            assert next(source.tables[0].chunks()).rows() == [(2, "A")]
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "format"),
    [
        (b"sku,name\nA,B\n", "csv"),
        (b"\xef\xbb\xbfsku\nA\n", "csv"),
        (b'{"sku": "A"}\n', "ndjson"),
        (b' [{"sku": "A"}]', "json"),
        (gzip.compress(b'{"sku": "A"}\n', mtime=0), "ndjson"),
        (b"PK\x03\x04", None),
        (b"PAR1", None),
    ],
)
def test_the_format_of_standard_input_is_recognised_by_its_beginning(piped, content, format):
    folder = piped(content)
    if format is None:
        with pytest.raises(SourceError) as refused:
            open_source("-")
        assert "csv" not in str(refused.value)
    else:
        with open_source("-") as source:
            assert source.tables[0].facts["format"] == format
    assert list(folder.iterdir()) == []


def test_plain_http_is_for_loopback_only():
    with pytest.raises(UsageError, match="plain http"):
        open_source("http://example.com/catalog.csv")


def test_a_server_that_is_not_there_is_named_in_plain_words():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(SourceError, match="cannot be fetched: Connection refused"):
        open_source(f"http://127.0.0.1:{port}/catalog.csv")


def test_a_password_in_an_address_is_refused_rather_than_left_out():
    with pytest.raises(UsageError, match="not sent") as caught:
        open_source("https://me:hushed@example.com/catalog.csv")
    assert "hushed" not in f"{caught.value} {caught.value.advice}"


def test_an_unknown_kind_of_address_is_wrong_usage():
    with pytest.raises(UsageError, match="ftp://"):
        open_source("ftp://example.com/catalog.csv")


def test_a_missing_library_is_named_with_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(ConfigurationError) as refused:
        open_source("s3://bucket/catalog.csv")
    assert refused.value.advice == "pip install 'bulk[cloud]'"


class Shelf(BaseHTTPRequestHandler):
    """Serves one catalog to those who sign, and some that go wrong."""

    def do_GET(self):
        body = b"sku\nA\n"
        if self.path == "/moved.csv":
            self.answer(302, b"", Location="/folder/catalog.csv?signature=secret")
        elif self.path == "/downgraded.csv":
            self.answer(302, b"", Location="http://example.com/catalog.csv")
        elif self.path == "/broken.csv":
            self.answer(200, body, **{"Content-Length": "500"})
        elif self.path == "/chunks.csv":
            self.answer(200, b"100\r\nsku", **{"Transfer-Encoding": "chunked"})
        elif self.path in ("/folder/catalog.csv?signature=secret", "/bucket/catalog.csv"):
            self.answer(200, body)
        else:
            self.answer(404, b"")

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def shelf():
    server = HTTPServer(("127.0.0.1", 0), Shelf)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_signed_address_is_fetched_and_its_signature_shown_nowhere(shelf):
    with open_source(f"{shelf}/folder/catalog.csv?signature=secret") as source:
        assert next(source.tables[0].chunks()).rows() == [(2, "A")]
        assert source.name == source.tables[0].path == f"{shelf}/folder/catalog.csv"


def test_an_object_store_is_read(shelf, monkeypatch):
    settings = {"ENDPOINT": shelf, "ALLOW_HTTP": "true", "ACCESS_KEY_ID": "k", "SECRET_ACCESS_KEY": "s", "REGION": "r"}
    for name, value in settings.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with open_source("s3://bucket/catalog.csv") as source:
        assert next(source.tables[0].chunks()).rows() == [(2, "A")]
        assert source.name == "s3://bucket/catalog.csv"


def test_a_redirect_is_followed(shelf):
    with open_source(f"{shelf}/moved.csv") as source:
        assert next(source.tables[0].chunks()).rows() == [(2, "A")]


def test_a_redirect_to_plain_http_is_not_followed(shelf):
    with pytest.raises(UsageError, match="plain http"):
        open_source(f"{shelf}/downgraded.csv")


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/none.csv", "404"), ("/broken.csv", "broke off 494 bytes"), ("/chunks.csv", "broke off before its end")],
)
def test_an_address_that_does_not_answer_well_is_explained(shelf, path, reason):
    with pytest.raises(SourceError, match=reason):
        open_source(shelf + path)


def test_a_copy_of_an_address_is_deleted_when_its_content_is_refused(shelf, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(SourceError, match="not a whole Excel workbook"):
        open_source(f"{shelf}/moved.csv", ReadOptions(format="xlsx"))
    assert list(tmp_path.iterdir()) == []
