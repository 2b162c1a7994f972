"""Where settings come from, and which are refused."""

import sys
from typing import ClassVar

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked
from pydantic import BaseModel, SecretStr

from bulk.errors import ConfigurationError, UsageError
from bulk.settings import Configuration
from bulk.settings_files import parse_rate


class Shop(BaseModel):
    company: str | None = None
    api_key: SecretStr | None = None


@pytest.fixture
def folders(tmp_path, monkeypatch):
    for name in ("SHOP_COMPANY", "SHOP_API_KEY", "BULK_LEDGER", "BULK_RATE", "BULK_PROFILE", "BULK_CONCURRENCY"):
        monkeypatch.delenv(name, raising=False)
    here = tmp_path / "here"
    here.mkdir()
    return here, tmp_path / "user.toml"


def configuration(folders, profile=None):
    here, user = folders
    return Configuration(profile, folder=here, user=user)


def test_the_environment_comes_before_the_local_file_before_the_users_file_before_the_default(folders, monkeypatch):
    here, user = folders
    assert configuration(folders).connection(Shop, "shop").company is None
    user.write_text('[shop]\ncompany = "from-user"\n')
    assert configuration(folders).connection(Shop, "shop").company == "from-user"
    (here / "bulk.toml").write_text('[shop]\ncompany = "from-here"\n')
    assert configuration(folders).connection(Shop, "shop").company == "from-here"
    monkeypatch.setenv("SHOP_COMPANY", "from-environment")
    assert configuration(folders).connection(Shop, "shop").company == "from-environment"


def test_a_profile_comes_before_what_stands_outside_it(folders):
    here, _ = folders
    (here / "bulk.toml").write_text(
        'rate = "5/s"\n[shop]\ncompany = "live"\n[profiles.staging]\nrate = "9/s"\n[profiles.staging.shop]\ncompany = "test"\n'
    )
    assert configuration(folders).connection(Shop, "shop").company == "live"
    staging = configuration(folders, "staging")
    assert staging.connection(Shop, "shop").company == "test"
    assert staging.general.rate == "9/s"


def test_an_unknown_profile_is_refused_and_the_known_ones_are_named(folders):
    here, _ = folders
    (here / "bulk.toml").write_text("[profiles.staging]\n[profiles.live]\n")
    with pytest.raises(ConfigurationError, match="no profile 'stagging'") as refused:
        configuration(folders, "stagging")
    assert "live and staging" in refused.value.advice


def test_the_ledger_is_taken_from_the_environment(folders, monkeypatch, tmp_path):
    monkeypatch.setenv("BULK_LEDGER", str(tmp_path / "x.db"))
    assert configuration(folders).general.ledger == tmp_path / "x.db"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("ledgr = 'x'\n", "there is no setting ledgr"),
        ("[shop]\ncompnay = 'x'\n", "there is no setting shop.compnay"),
        ("[shop\n", "not readable as TOML"),
        ("shop = 3\n", "shop"),
        ("[shop]\ncompany = 3\n", "'company' cannot be used"),
    ],
)
def test_a_file_with_a_mistake_is_refused_and_the_mistake_named(folders, content, message):
    here, _ = folders
    (here / "bulk.toml").write_text(content)
    with pytest.raises(ConfigurationError, match=message):
        configuration(folders).connection(Shop, "shop")


def test_the_settings_that_are_known_include_the_other_places_of_a_secret(folders):
    here, _ = folders
    (here / "bulk.toml").write_text('[shop]\napi_key_fiel = "x"\n')
    with pytest.raises(ConfigurationError, match="api_key_fiel") as refused:
        configuration(folders).connection(Shop, "shop")
    assert "api_key, api_key_file" in refused.value.advice
    assert "api_key_keyring" in refused.value.advice


def test_a_literal_secret_that_others_may_read_is_refused(folders):
    here, _ = folders
    file = here / "bulk.toml"
    file.write_text('[shop]\napi_key = "s3cret"\n')
    file.chmod(0o644)
    with pytest.raises(ConfigurationError, match="others may read it") as refused:
        configuration(folders).connection(Shop, "shop")
    assert "s3cret" not in str(refused.value) + refused.value.advice
    file.chmod(0o600)
    assert configuration(folders).connection(Shop, "shop").api_key.get_secret_value() == "s3cret"


class Drawer(KeyringBackend):
    """A keyring for the length of a test."""

    priority = 1
    secrets: ClassVar[dict[tuple[str, str], str]] = {("bulk", "acme"): "s3cret"}

    def get_password(self, service, username):
        if service == "locked":
            raise KeyringLocked("the user has not unlocked it")
        return self.secrets.get((service, username))

    def set_password(self, service, username, password):
        raise NotImplementedError


@pytest.fixture
def drawer():
    before = keyring.get_keyring()
    keyring.set_keyring(Drawer())
    yield
    keyring.set_keyring(before)


def test_a_secret_may_lie_in_a_keyring(folders, drawer):
    (folders[0] / "bulk.toml").write_text('[shop]\napi_key_keyring = "bulk/acme"\n')
    assert configuration(folders).connection(Shop, "shop").api_key.get_secret_value() == "s3cret"


@pytest.mark.parametrize(
    ("entry", "said"),
    [("acme", "names no entry"), ("bulk/other", "holds nothing for bulk/other"), ("locked/acme", "not unlocked it")],
)
def test_a_keyring_that_does_not_give_the_secret_is_a_configuration_error(folders, drawer, entry, said):
    (folders[0] / "bulk.toml").write_text(f'[shop]\napi_key_keyring = "{entry}"\n')
    with pytest.raises(ConfigurationError, match=said):
        configuration(folders).connection(Shop, "shop")


def test_without_the_library_for_keyrings_it_is_said_what_to_install(folders, monkeypatch):
    monkeypatch.setitem(sys.modules, "keyring", None)
    (folders[0] / "bulk.toml").write_text('[shop]\napi_key_keyring = "bulk/acme"\n')
    with pytest.raises(ConfigurationError) as caught:
        configuration(folders).connection(Shop, "shop")
    assert caught.value.advice == "pip install 'bulk[keyring]'"


def test_a_secret_may_lie_in_a_private_file_of_its_own(folders, tmp_path):
    here, _ = folders
    secret = tmp_path / "token"
    secret.write_text("s3cret\n")
    secret.chmod(0o600)
    (here / "bulk.toml").write_text(f'[shop]\napi_key_file = "{secret}"\n')
    assert configuration(folders).connection(Shop, "shop").api_key.get_secret_value() == "s3cret"
    secret.chmod(0o640)
    with pytest.raises(ConfigurationError, match="others may read it"):
        configuration(folders).connection(Shop, "shop")


@pytest.mark.parametrize(
    ("text", "rate"),
    [("50/s", 50), ("600/min", 10), (" 1.5 / sec ", 1.5), ("7200/h", 2), ("none", None), ("NONE", None)],
)
def test_rates_are_read(text, rate):
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "50", "0/s", "-1/s", "fast", "50/day", "1e3/s"])
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(UsageError, match="is not a rate"):
        parse_rate(text)


@pytest.mark.parametrize(
    ("name", "value"), [("RATE", "fast"), ("CONCURRENCY", "-1"), ("CONCURRENCY", "0"), ("CONCURRENCY", "x")]
)
def test_a_rate_or_concurrency_that_means_nothing_is_a_configuration_error(folders, monkeypatch, name, value):
    monkeypatch.setenv(f"BULK_{name}", value)
    with pytest.raises(ConfigurationError, match=name.lower()):
        configuration(folders)


def test_a_model_may_say_what_its_environment_variables_begin_with(folders, monkeypatch):
    class Known(Shop):
        environment: ClassVar[str] = "SHOP"

    monkeypatch.setenv("SHOP_COMPANY", "acme")
    assert configuration(folders).connection(Known, "boutique").company == "acme"
    assert configuration(folders).connection(Shop, "boutique").company is None
    (folders[0] / "bulk.toml").write_text("[boutique]\ncompany = 5\n")
    monkeypatch.delenv("SHOP_COMPANY")
    with pytest.raises(ConfigurationError) as refused:
        configuration(folders).connection(Known, "boutique")
    assert "SHOP_COMPANY" in refused.value.advice
