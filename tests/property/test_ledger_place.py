"""Where the ledger lies: what is seen at a glance is what the whole configuration says."""

import json
import os
import tempfile
from pathlib import Path

from hypothesis import event, given
from hypothesis import strategies as st

from bulk.errors import ConfigurationError
from bulk.settings import Configuration
from bulk.settings_files import ledger_at_a_glance

NAMES = ("live", "staging")

plain = st.fixed_dictionaries(
    {},
    optional={
        "ledger": st.sampled_from(["here.db", "~/there.db", "/abs/x.db", ""]),
        "rate": st.sampled_from(["20/s", "600 / min", "none"]),
        "concurrency": st.integers(1, 1000),
        "profile": st.sampled_from(NAMES),
    },
)
"""Settings as they should be."""

odd = st.fixed_dictionaries(
    {},
    optional={
        "ledger": st.sampled_from([3, ["x"]]),
        "rate": st.sampled_from(["quick", 20, ""]),
        "concurrency": st.sampled_from([0, 1001, True, 2.0, "5"]),
        "profile": st.sampled_from(["", "gone", 1]),
        "ledgr": st.just("x.db"),
    },
)
"""Settings that are refused, or need a second look."""


def tables(settings):
    api = st.fixed_dictionaries({}, optional={"company": st.just("acme"), "unheard": st.just(1)})
    return st.builds(lambda values, luminous: values | {"luminous": luminous}, settings, api)


def files(settings):
    """A file, or none."""
    profiles = st.dictionaries(st.sampled_from(NAMES), tables(settings), max_size=2)
    made = st.builds(lambda table, named: table | ({"profiles": named} if named else {}), tables(settings), profiles)
    return st.none() | made


def toml(content, path=()):
    """TOML of nested tables: JSON's literals are TOML's too."""
    values = [f"{name} = {json.dumps(value)}" for name, value in content.items() if not isinstance(value, dict)]
    parts = [toml(value, (*path, name)) for name, value in content.items() if isinstance(value, dict)]
    return "\n".join([f"[{'.'.join(path)}]" if path else "", *values, *parts])


def asked(here, user, profile, environment):
    """What both say, each as a path or as the error that it ends with."""
    with tempfile.TemporaryDirectory() as name:
        folder, before = Path(name), dict(os.environ)
        for content, path in ((here, folder / "bulk.toml"), (user, folder / "user.toml")):
            if content is not None:
                path.write_text(toml(content))
        os.environ.update(environment)
        try:
            seen = ledger_at_a_glance(profile, folder=folder, user=folder / "user.toml")
            try:
                whole = Configuration(profile, folder=folder, user=folder / "user.toml").general.ledger
            except ConfigurationError as error:
                whole = error
        finally:
            os.environ.clear()
            os.environ.update(before)
    return seen, whole


profiles = st.none() | st.sampled_from([*NAMES, "gone"])
environments = st.fixed_dictionaries(
    {}, optional={"BULK_LEDGER": st.sampled_from(["env.db", ""]), "bulk_rate": st.sampled_from(["5/s", "x", ""])}
)


@given(here=files(plain | odd), user=files(plain | odd), profile=profiles, environment=environments)
def test_what_is_seen_at_a_glance_is_what_the_configuration_says(here, user, profile, environment):
    seen, whole = asked(here, user, profile, environment)
    event("seen" if seen is not None else "asked")
    assert seen in {None, whole}


@given(here=files(plain), user=files(plain), profile=profiles)
def test_files_without_a_mistake_are_seen_at_a_glance(here, user, profile):
    seen, whole = asked(here, user, profile, {})
    assert seen == whole or isinstance(whole, ConfigurationError)
