"""Sources behind a web address or in an object store, fetched into a local file."""

import importlib
from http.client import HTTPException, HTTPMessage, IncompleteRead
from typing import IO, BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from bulk.errors import ConfigurationError, SourceError, UsageError
from bulk.model import is_loopback, shorten

_STORES = {"s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl"}
_PATIENCE = 60.0
"""Seconds without a byte before a web server is given up."""
_PIECE = 1 << 20


def is_address(source: str) -> bool:
    """Whether a source is an address rather than a path."""
    return "://" in source


def path_of(address: str) -> str:
    """The part of an address that ends as a file name does."""
    return urlsplit(address).path


def named(address: str) -> str:
    """The address as it may be shown and stored: without credentials, and without a query that may be a signature."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def fetch(address: str, stream: BinaryIO) -> None:
    """Copy what is behind the address into the stream, piece by piece.

    Raises `UsageError` for addresses of a kind that is not read, `ConfigurationError` when the library for an object
    store is not installed, and `SourceError` when the content cannot be had whole.
    """
    scheme = urlsplit(address).scheme
    if scheme in {"http", "https"}:
        _refuse_plain(address)
        if "@" in urlsplit(address).netloc:
            raise UsageError(
                "a name or a password in an address is not sent", advice="fetch the file and feed it to '-'"
            )
        _fetch_page(address, stream)
    elif scheme in _STORES:
        _fetch_object(address, stream)
    else:
        raise UsageError(f"sources of the kind {scheme}:// are not known", advice="use https, s3, gs or az")


class _GuardedRedirects(HTTPRedirectHandler):
    """Follows where the server points, but never from https to plain http."""

    def redirect_request(  # noqa: PLR0917  # the signature is that of urllib
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        _refuse_plain(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _fetch_page(address: str, stream: BinaryIO) -> None:
    try:
        with build_opener(_GuardedRedirects).open(address, timeout=_PATIENCE) as response:
            while piece := response.read(_PIECE):
                stream.write(piece)
            missing = response.length  # what the server promised and did not send: `read` keeps silent about it
    except (OSError, HTTPException, ValueError) as error:
        raise _unfetched(address, error) from error
    if missing:
        raise _unfetched(address, HTTPException(f"the answer broke off {missing} bytes before its end"))


def _fetch_object(address: str, stream: BinaryIO) -> None:
    try:
        obstore = importlib.import_module("obstore")
        stores = importlib.import_module("obstore.store")
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "reading from object stores needs an optional library", advice="pip install 'bulk[cloud]'"
        ) from error
    folder, _, name = address.rpartition("/")
    try:
        stream.writelines(obstore.get(stores.from_url(folder), name).stream())
    except Exception as error:  # the library's errors have no narrower root
        raise _unfetched(address, error) from error


def _unfetched(address: str, error: Exception) -> SourceError:
    reason = shorten(_told(error).partition("\n")[0], 200)
    return SourceError(
        f"cannot be fetched: {reason}", path=named(address), advice="check the address and the right to read it"
    )


def _told(error: Exception) -> str:
    """What went wrong, without the words of a library."""
    if isinstance(error, IncompleteRead):
        return "the answer broke off before its end"
    if isinstance(error, URLError) and not isinstance(error, HTTPError):
        return str(getattr(error.reason, "strerror", None) or error.reason)
    return str(error)


def _refuse_plain(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise UsageError("a catalog is not fetched over plain http", advice="use https")
