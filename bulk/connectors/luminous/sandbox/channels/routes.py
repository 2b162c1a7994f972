"""Everything that can be done to channels.

Sources: the pages under https://docs.joinluminous.com/api-reference/channels. None was seen of the list, the deletion
and the mappings of SKUs; they are as Luminous's own client calls them.
"""

from http import HTTPStatus

from bulk.connectors.luminous.sandbox.channels import answers
from bulk.connectors.luminous.sandbox.channels.directory import Directory
from bulk.connectors.luminous.sandbox.channels.rules import check_new, check_products, check_update
from bulk.connectors.luminous.sandbox.checks import Findings
from bulk.connectors.luminous.sandbox.envelope import single
from bulk.connectors.luminous.sandbox.errors import error, invalid
from bulk.connectors.luminous.sandbox.filters import Field, own
from bulk.connectors.luminous.sandbox.listing import Listing
from bulk.connectors.luminous.sandbox.requests import document, row_of_path
from bulk.sandbox import Answer, Call, RefusedCallError, Row


def one(directory: Directory, call: Call) -> Answer:
    """One channel by its id."""
    return _shown(directory, HTTPStatus.OK, _found(directory, call))


def create(directory: Directory, call: Call) -> Answer:
    """A new channel."""
    body = document(call, directory.switches)
    findings = check_new(body, directory.switches)
    _settle(directory, call, body, findings, None)
    return _shown(directory, directory.switches.created_status, directory.create(body))


def update(directory: Directory, call: Call) -> Answer:
    """Write some fields of a channel."""
    channel = _unlocked(directory, call)
    body = document(call, directory.switches)
    findings = check_update(body, channel, directory.switches)
    _settle(directory, call, body, findings, channel)
    directory.change(channel, body)
    return _shown(directory, HTTPStatus.OK, channel)


def lock(directory: Directory, call: Call) -> Answer:
    """Close a channel to this API for good."""
    channel = _found(directory, call)
    locked = document(call, directory.switches).get("apiLocked")
    if locked is not True:
        why = "can only be set to true; unlock the channel in the web app"
        findings = Findings(directory.switches)
        findings.breaks("apiLocked", "is required" if locked is None else why)
        _refuse(call, findings)
    directory.change(channel, {"apiLocked": True})
    return _shown(directory, HTTPStatus.OK, channel)


def delete(directory: Directory, call: Call) -> Answer:
    """Remove a channel; its label is free again."""
    channel = _unlocked(directory, call)
    directory.channels.remove(channel)
    if directory.switches.deletion == "empty":
        return Answer(status=HTTPStatus.NO_CONTENT, content_type="")
    return Answer.json(HTTPStatus.OK, {"message": "Channel deleted."})


def add_products(directory: Directory, call: Call) -> Answer:
    """Map SKUs of the channel; what a mapping holds is documented nowhere."""
    channel = _unlocked(directory, call)
    body = document(call, directory.switches)
    findings = check_products(body, directory.switches)
    if findings.errors:
        _refuse(call, findings)
    directory.change(channel, {"integrationProducts": channel["integrationProducts"] + body["items"]})
    return Answer.json(HTTPStatus.OK, {"message": f"{len(body['items'])} integration products saved."})


def listing(directory: Directory) -> Listing:
    """The list of all channels, disabled ones among them."""
    texts = ("label", "description", "channelType", "uuid")
    flags = ("apiLocked", "enabled", "isDropship", "isCustomerSpecific")
    return Listing(
        table=directory.channels,
        show=lambda row: answers.channel(directory, row),
        fields={
            **{name: Field(kind="text", values=own(name)) for name in texts},
            **{name: Field(kind="flag", values=own(name)) for name in flags},
            "warehouseGroupId": Field(kind="number", values=own("warehouseGroupId")),
        },
        search=(),
        sortable=frozenset({"id", "label", "createdAt", "updatedAt"}),
        filters=directory.switches.channel_filters,
    )


def _found(directory: Directory, call: Call) -> Row:
    return row_of_path(call, directory.channels, "Channel")


def _unlocked(directory: Directory, call: Call) -> Row:
    channel = _found(directory, call)
    if channel["apiLocked"]:
        raise RefusedCallError(error(call, 403, "This channel is locked and cannot be changed through the API."))
    return channel


def _settle(directory: Directory, call: Call, body: Row, findings: Findings, channel: Row | None) -> None:
    """Refuse a body with faults, or one that does not go together with what is there."""
    if findings.errors:
        _refuse(call, findings)
    holder = directory.labelled(body["label"]) if "label" in body else None
    if holder is not None and holder is not channel:
        if directory.switches.label_clash == "conflict":
            raise RefusedCallError(error(call, 409, "A channel with this label exists already."))
        findings.refuse("label", "has already been taken")
    if directory.switches.unknown_references == "refuse":
        for path in directory.unknown(body):
            findings.refuse(path, "names nothing that exists")
    if findings.errors:
        _refuse(call, findings)


def _refuse(call: Call, findings: Findings) -> None:
    shape = findings.switches.error_shape
    raise RefusedCallError(invalid(call, findings.errors, shape=shape, malformed=findings.broken))


def _shown(directory: Directory, status: int, channel: Row) -> Answer:
    return single(status, answers.channel(directory, channel), directory.switches)
