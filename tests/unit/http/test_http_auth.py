import pytest

from bulk.errors import ConfigurationError
from bulk.http.auth import Bearer, ClientCredentials

TOKEN_URL = "https://auth.test/oauth/token"


def test_the_token_is_sent_and_not_shown():
    auth = Bearer("s3cret|token")
    assert auth.headers(0.0) == {"Authorization": "Bearer s3cret|token"}
    assert auth.login is None
    assert "s3cret" not in repr(auth)
    assert "s3cret" not in str(auth)


@pytest.mark.parametrize("token", ["", " ", "two words", "line\nbreak", "tok\u200ben", "töken"])
def test_a_token_that_no_header_can_carry_is_refused_without_showing_it(token):
    with pytest.raises(ConfigurationError) as caught:
        Bearer(token)
    assert not token.strip() or token not in str(caught.value)


@pytest.mark.parametrize("text", ["", "two words", "line\nbreak", "sécret"])
def test_an_id_or_a_secret_that_no_header_can_carry_is_refused_without_showing_it(text):
    for name, secret in ((text, "s3cret"), ("me", text)):
        with pytest.raises(ConfigurationError) as caught:
            ClientCredentials(TOKEN_URL, name, secret)
        assert not text or text not in str(caught.value)


def test_an_id_with_a_colon_would_be_read_as_another():
    with pytest.raises(ConfigurationError, match="client id"):
        ClientCredentials(TOKEN_URL, "a:b", "s3cret")


@pytest.mark.parametrize("address", ["http://auth.test/oauth/token", "auth.test", "https://u:s3cret@auth.test/t"])
def test_a_token_address_that_is_not_safe_is_refused(address):
    with pytest.raises(ConfigurationError, match="token address") as caught:
        ClientCredentials(address, "me", "s3cret")
    assert "s3cret" not in str(caught.value)


def test_a_token_address_on_this_machine_may_be_plain():
    assert ClientCredentials("http://127.0.0.1:80/t/", "me", "s3cret").url == "http://127.0.0.1:80/t"


def test_what_was_fetched_and_what_it_was_fetched_with_is_not_shown():
    auth = ClientCredentials(TOKEN_URL, "me", "s3cret")
    assert auth.headers(0.0) is None
    assert "s3cret" not in f"{auth!r} {auth} {auth.auth!r} {auth.request!r}"
    assert "s3cret" in auth.secrets
