"""What an API's description promises by itself."""

from dataclasses import replace

import pytest

from bulk.connectors import find
from bulk.contracts import Choice
from bulk.errors import UsageError

MODE = Choice(name="mode", values=("upsert", "create"), description="What to do with records.")


def test_what_is_chosen_reaches_the_upsert_by_name():
    _, resource = find("luminous.products")
    told = {}
    resource = replace(resource, choices=(MODE,), upsert=lambda record, **decisions: told.update(decisions))
    resource.chosen({"mode": "create"}).upsert(None)
    assert told == {"mode": "create"}
    assert resource.chosen({}) is resource


@pytest.mark.parametrize(("decisions", "message"), [({"roles": "add"}, "no roles to choose"), ({"mode": "x"}, "'x'")])
def test_what_cannot_be_chosen_is_wrong_usage(decisions, message):
    resource = replace(find("luminous.products")[1], choices=(MODE,))
    with pytest.raises(UsageError, match=message):
        resource.chosen(decisions)
