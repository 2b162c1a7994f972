"""Addresses of APIs: which are safe to send credentials to, and through which proxy they are reached."""

import urllib.request
from urllib.parse import urlsplit

from bulk.errors import ConfigurationError
from bulk.model import is_loopback


def checked_address(base_url: str, *, called: str = "base address") -> str:
    """The base address without a trailing slash; raises `ConfigurationError` where credentials would not be safe.

    What it says names the host only: an address that is refused may hold a secret. `called` is what it is.
    """
    try:
        parts = urlsplit(base_url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ConfigurationError(f"the {called} is no address", advice="Begin it with https://.") from None
    if not host or parts.scheme not in ("http", "https"):
        raise ConfigurationError(f"the {called} is no https address", advice="Begin it with https://.")
    if parts.username or parts.password:
        raise ConfigurationError(f"the {called} of {host} holds a user name or password; it must hold none")
    if parts.query or parts.fragment:
        raise ConfigurationError(f"the {called} of {host} must end with its path: no ? and no #")
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigurationError(
            f"the {called} of {host} is not encrypted, so anybody on the way could read the credentials",
            advice="Use https://; plain http is for this machine only (127.0.0.1, ::1, localhost).",
        )
    return base_url.rstrip("/")


def proxy_for(base: str) -> str | None:
    """The proxy that the environment names for this address, looked up once: aiohttp would do so at every request."""
    parts = urlsplit(base)
    host = parts.hostname or ""
    if is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy is not None and urlsplit(proxy).scheme not in ("http", "https"):
        raise ConfigurationError(
            f"the proxy for {host} is of a kind that cannot be used: {urlsplit(proxy).scheme or 'no scheme'}",
            advice="HTTPS_PROXY must begin with http:// or https://; NO_PROXY names hosts that need none.",
        )
    return proxy
