"""A server that says exactly what a test tells it to, byte by byte, and a clock on which nobody waits."""

import asyncio
import ssl
from contextlib import asynccontextmanager


class FakeClock:
    """Sleeping moves it on at once; looking at it moves it on a little, as with any clock."""

    def __init__(self):
        self.now = 1000.0
        self.asleep = asyncio.Event()

    def time(self):
        self.now += 1e-6
        return self.now

    async def sleep(self, seconds):
        self.asleep.set()
        self.now += seconds
        await asyncio.sleep(0)


class Api:
    """Answers each request with the next of its answers, and with the last one for ever."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []
        self.connections = 0

    async def __call__(self, reader, writer):
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                line, *fields = head.decode().split("\r\n")
                headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in fields if one)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                method, path, _ = line.split(" ")
                self.requests.append((method, path, headers, body))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if callable(answer):
                    answer = await answer(writer, path)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def reply(status, body=b"{}", **headers):
    fields = {"Content-Length": len(body), **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} Whatever\r\n{lines}\r\n".encode() + body


@asynccontextmanager
async def serving(api, tls=None):
    server = await asyncio.start_server(api, "127.0.0.1", 0, ssl=tls, limit=2**20)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def untrusted(folder):
    """TLS with a certificate that nobody vouches for."""
    (folder / "both.pem").write_text(CERTIFICATE)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "both.pem")
    return tls


CERTIFICATE = """
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg3qzBZ9+Oj6A/B7g4
fENnBStkkw4IFowoijiBl+ZVkrOhRANCAAS8tcaikaTC5o/B5bYO+GpFUzMExw0x
ON5+tMW0XSLAO+4mXbv4uhQJAjZcR9LneJ33QYBMWBQbFFKwEzJDDZ2e
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIUCRGW7c8LQg/FcUpSe64wuGbTImcwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjA2NTU1OVoYDzIxMjYxMDI5
MDY1NTU5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAS8tcaikaTC5o/B5bYO+GpFUzMExw0xON5+tMW0XSLAO+4mXbv4uhQJ
AjZcR9LneJ33QYBMWBQbFFKwEzJDDZ2eo1MwUTAdBgNVHQ4EFgQUZhBLcyhyK5Ym
nZJGAgu5UmIxMLcwHwYDVR0jBBgwFoAUZhBLcyhyK5YmnZJGAgu5UmIxMLcwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiBDuarY5AkG0AxhTNq5VTfi
iDq7lXgSIFaSHhJ1XfQOPwIgRAulBYcgyRNCCvNqG3/eKRx9E69/9l/BGjRq7Vp2
SlQ=
-----END CERTIFICATE-----
"""
"""Made for tests; nobody trusts it."""
