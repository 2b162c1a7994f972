"""Settings: environment before `./bulk.toml` before the user's file before the default. Flags come on top of it.

A file looks like this; what stands under a profile comes before what stands outside:

    ledger = "~/catalog/ledger.db"
    rate = "50/s"

    [luminous]
    company = "acme"
    api_key_file = "~/.secrets/luminous"      # readable by its owner only
    # or: api_key_keyring = "bulk/acme"       # service and user, as in `keyring set bulk acme`

    [profiles.staging.luminous]
    company = "acme-staging"
"""

import importlib
import os
import stat
from collections import ChainMap
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, BaseModel, Field, SecretStr, ValidationError, create_model
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bulk.errors import ConfigurationError, UsageError
from bulk.model import listed, shorten
from bulk.settings_files import DEFAULT_LEDGER, FILE_NAME, files, parse_rate

Model = TypeVar("Model", bound=BaseModel)

_SECRET: Final = (SecretStr, SecretStr | None)
"""What a field is annotated with that holds a secret."""


def _require_rate(text: str | None) -> str | None:
    if text is not None:
        try:
            parse_rate(text)
        except UsageError as error:
            raise ValueError(f"{error}. {error.advice}") from None
    return text


class Settings(BaseModel):
    """What is not about one API."""

    ledger: Path = DEFAULT_LEDGER
    """Where the ledger lies."""
    rate: Annotated[str | None, AfterValidator(_require_rate)] = None
    """Default of `--rate`."""
    concurrency: Annotated[int | None, Field(ge=1, le=1000)] = None
    """Default of `--concurrency`."""
    profile: str | None = None
    """Default of `--profile`."""


class Configuration:
    """The settings files, read once, seen through a profile."""

    def __init__(self, profile: str | None = None, *, folder: Path | None = None, user: Path | None = None) -> None:
        self._files = files(folder, user)
        self.general: Settings = self._load(Settings, "", None)
        self.profile = profile or self.general.profile
        if self.profile is not None:
            known = sorted({name for _, content in self._files for name in content.get("profiles", {})})
            if self.profile not in known:
                there = f"There is {listed(known)}." if known else f"Write [profiles.{self.profile}] into {FILE_NAME}."
                raise ConfigurationError(f"there is no profile {self.profile!r}", advice=there)
            self.general = self._load(Settings, "", self.profile)

    def connection(self, model: type[Model], connector: str) -> Model:
        """The settings of one API."""
        return self._load(model, connector, self.profile)

    def _load(self, model: type[Model], section: str, profile: str | None) -> Model:
        """Validate what the environment and the files say for a model."""
        layers = [
            layer
            for path, content in self._files
            for layer in (
                _section(path, content.get("profiles", {}).get(profile, {}) if profile else {}, section, model),
                _section(path, content, section, model),
            )
        ]
        prefix = f"{getattr(model, 'environment', section or 'bulk').upper()}_"
        try:
            read: Model = _layered(model, prefix)(**ChainMap(*layers))
        except ValidationError as error:
            fault = error.errors()[0]
            name = str(fault["loc"][0]) if fault["loc"] else section
            raise ConfigurationError(
                f"the setting {name!r} cannot be used: {fault['msg']}",
                advice=f"Mend {prefix}{name.upper()} or {FILE_NAME}.",
            ) from None
        return read


@cache
def _layered(model: type[Model], prefix: str) -> type[Model]:
    """The model as one that reads the environment, then what it is given: made once, as that takes milliseconds."""

    class Layered(BaseSettings):
        model_config = SettingsConfigDict(env_prefix=prefix, extra="forbid", env_ignore_empty=True)

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del settings_cls, dotenv_settings, file_secret_settings
            return env_settings, init_settings

    bases: Any = (Layered, model)  # one type checks them as a pair, the other as a model: both are right
    made: type[Model] = create_model(model.__name__, __base__=bases)
    return made


def _section(path: Path, content: Mapping[str, Any], section: str, model: type[BaseModel]) -> dict[str, Any]:
    """The values for a model in one table of a file, with secrets fetched; refuses unknown names."""
    table = content.get(section, {}) if section else {k: v for k, v in content.items() if not isinstance(v, dict)}
    if not isinstance(table, dict):
        raise ConfigurationError(f"{path}: {section} must be a table")
    values = dict(table)
    for name, field in model.model_fields.items():
        if field.annotation not in _SECRET:
            continue
        if name in values:
            _require_private(path, f"{path} holds the secret {section}.{name}")
        if f"{name}_file" in values:
            values[name] = _secret_from(Path(values.pop(f"{name}_file")).expanduser())
        if f"{name}_keyring" in values:
            values[name] = _secret_in_keyring(str(values.pop(f"{name}_keyring")))
    unknown = [name for name in values if name not in model.model_fields]
    if unknown:
        raise ConfigurationError(
            f"{path}: there is no setting {listed([f'{section}.{name}'.strip('.') for name in unknown])}",
            advice=f"Known here: {listed(list(_names(model)))}.",
        )
    if isinstance(values.get("ledger"), str):
        values["ledger"] = str(Path(values["ledger"]).expanduser())
    return values


def _names(model: type[BaseModel]) -> Iterator[str]:
    """What a table may hold for a model: its fields, and for each secret where else it may lie."""
    for name, field in model.model_fields.items():
        yield name
        if field.annotation in _SECRET:
            yield from (f"{name}_file", f"{name}_keyring")


def _secret_from(path: Path) -> str:
    """A secret kept in a file of its own."""
    _require_private(path, f"{path} holds a secret")
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the secret in {path} cannot be read: {error}") from None


def _secret_in_keyring(entry: str) -> str:
    """A secret that the system's keyring keeps, named by service and user."""
    service, _, user = entry.rpartition("/")
    if not service or not user:
        raise ConfigurationError(f"{entry!r} names no entry of a keyring", advice="Write service/user: bulk/acme.")
    try:
        keyring = importlib.import_module("keyring")
    except ModuleNotFoundError:
        raise ConfigurationError(
            "reading secrets from a keyring needs an optional library", advice="pip install 'bulk[keyring]'"
        ) from None
    try:
        secret: str | None = keyring.get_password(service, user)
    except Exception as error:  # noqa: BLE001  # every system's keyring has errors of its own
        raise ConfigurationError(f"the keyring does not give {entry}: {shorten(error, 200)}") from None
    if secret is None:
        raise ConfigurationError(f"the keyring holds nothing for {entry}", advice=f"Run: keyring set {service} {user}")
    return secret


def _require_private(path: Path, what: str) -> None:
    """Refuse a secret that others may read. Windows has no such mode bits; its user folders are private."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
        raise ConfigurationError(
            f"{what}, and others may read it",
            advice=f"Run: chmod 600 {path} - or keep it in a keyring, or in an environment variable.",
        )
