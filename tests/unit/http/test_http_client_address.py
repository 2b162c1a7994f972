import pytest

from bulk.contracts import Explanation, SystemClock
from bulk.errors import ConfigurationError
from bulk.http.auth import Bearer
from bulk.http.client import Client
from bulk.http.pace import Pace
from bulk.model import Limits


def client(address):
    return Client(
        address,
        auth=Bearer("s3cret"),
        pace=Pace(None, clock=SystemClock()),
        limits=Limits(),
        explain=lambda _: Explanation(message=""),
    )


@pytest.mark.parametrize(
    "address",
    [
        "https://acme.api.test/external/api/v1",
        "http://127.0.0.1:8000",
        "http://127.3.2.1/x",
        "http://[::1]:8000",
        "http://localhost/",
    ],
)
def test_https_anywhere_and_http_on_this_machine_are_accepted(address):
    client(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://acme.api.test",
        "http://127.0.0.1.evil.test",
        "http://localhost.evil.test",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "ftp://acme.test",
        "acme.test",
        "",
        "https://",
        "https://[::1",
        "https://acme.test:port",
        "https://user:pass@acme.test",
        "https://acme.test?x=1",
        "https://acme.test/#x",
    ],
)
def test_any_other_address_is_refused_before_anything_is_sent(address):
    with pytest.raises(ConfigurationError) as caught:
        client(address)
    assert "pass" not in str(caught.value).replace("password", "")
