"""The installed command over TLS, straight and through a proxy, with an authority that the environment names."""

import asyncio

import pytest
from wire import CERTIFICATE, Api, reply, serving, untrusted

PRODUCT = reply(200, b'{"data": [{"id": 7, "sku": "A-1"}], "meta": {"last_page": 1}}')


@pytest.fixture
def trusting(shell):
    """A shell whose commands trust the certificate of the tests."""
    authority = shell.folder / "authority.pem"
    authority.write_text(CERTIFICATE[CERTIFICATE.index("-----BEGIN CERTIFICATE") :])
    shell.environment |= {"SSL_CERT_FILE": str(authority), "LUMINOUS_API_KEY": "sandbox"}
    return shell


async def fetched(shell):
    found = await asyncio.to_thread(shell.json, "get", "luminous.products", "A-1")
    return found["id"]


async def test_an_api_is_spoken_to_over_tls(trusting, tmp_path):
    api = Api(PRODUCT)
    async with serving(api, untrusted(tmp_path)) as port:
        trusting.environment["LUMINOUS_BASE_URL"] = f"https://localhost:{port}/api"
        assert await fetched(trusting) == 7
    assert [path for _, path, _, _ in api.requests] == ["/api/products?sku=A-1&per_page=100"]


async def test_a_proxy_sees_the_name_of_the_api_and_nothing_of_what_is_said(trusting, tmp_path):
    heard = []

    async def proxy(reader, writer):
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        there, on = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")

        async def passing(source, target):
            while piece := await source.read(65536):
                heard.append(piece)
                target.write(piece)
            target.close()

        await asyncio.gather(passing(reader, on), passing(there, writer), return_exceptions=True)

    async with serving(Api(PRODUCT), untrusted(tmp_path)) as port, serving(proxy) as between:
        trusting.environment |= {
            "LUMINOUS_BASE_URL": "https://api.shop.example/api",
            "HTTPS_PROXY": f"http://127.0.0.1:{between}",
        }
        assert await fetched(trusting) == 7
    assert heard[0].startswith(b"CONNECT api.shop.example:443 HTTP/1.1\r\n")
    assert b"sku=A-1" not in b"".join(heard)
    assert b"Authorization" not in b"".join(heard)
