import pytest

from bulk.errors import ConfigurationError
from bulk.http.auth import Bearer


def test_the_token_is_sent_and_not_shown():
    auth = Bearer("s3cret|token")
    assert auth.headers() == {"Authorization": "Bearer s3cret|token"}
    assert "s3cret" not in repr(auth)
    assert "s3cret" not in str(auth)


@pytest.mark.parametrize("token", ["", " ", "two words", "line\nbreak", "tok\u200ben", "töken"])
def test_a_token_that_no_header_can_carry_is_refused_without_showing_it(token):
    with pytest.raises(ConfigurationError) as caught:
        Bearer(token)
    assert not token.strip() or token not in str(caught.value)
