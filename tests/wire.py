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
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+R3kRVsKLqlr0yNc
lpfcw/WN/WBPHkLNJVNbakTZlsqhRANCAARviGViOFcrIueOxgIDs4IehQaJ7YNz
BAxFBq7CsofR8Hj6brWNDIIzGxtAjzQgqLDlB/neS6Ns/vnZf4Avyj5x
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBtTCCAVugAwIBAgIUOTFPagEh4nkZGs3f3D3M1LOThkgwCgYIKoZIzj0EAwIw
GzEZMBcGA1UEAwwQYXBpLnNob3AuZXhhbXBsZTAgFw0yNjExMzAxOTM2NDVaGA8y
MTI2MTEwNjE5MzY0NVowGzEZMBcGA1UEAwwQYXBpLnNob3AuZXhhbXBsZTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABG+IZWI4Vysi547GAgOzgh6FBontg3MEDEUG
rsKyh9HwePputY0MgjMbG0CPNCCosOUH+d5Lo2z++dl/gC/KPnGjezB5MB0GA1Ud
DgQWBBT0q07ox02Mjyop2EmLDm55z0heNzAfBgNVHSMEGDAWgBT0q07ox02Mjyop
2EmLDm55z0heNzAPBgNVHRMBAf8EBTADAQH/MCYGA1UdEQQfMB2CEGFwaS5zaG9w
LmV4YW1wbGWCCWxvY2FsaG9zdDAKBggqhkjOPQQDAgNIADBFAiEAyjRifVqWtulY
4RDcz/2isL0iQ1Sf1hflIR7vNJcdVhcCIHJYUrAZFKhVJ770hmOxkOwI/6j9FC75
mSowdCKoUmvZ
-----END CERTIFICATE-----
"""
"""Made for tests, for localhost and api.shop.example; nobody trusts it who is not told to."""
