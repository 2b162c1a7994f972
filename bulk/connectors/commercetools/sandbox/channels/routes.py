"""Every operation on channels.

Source: https://docs.commercetools.com/api/projects/channels
"""

import copy
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from bulk.connectors.commercetools.sandbox.channels import actions
from bulk.connectors.commercetools.sandbox.channels.directory import Directory
from bulk.connectors.commercetools.sandbox.channels.fields import FIELDS
from bulk.connectors.commercetools.sandbox.checks import Findings
from bulk.connectors.commercetools.sandbox.drafts import check_draft
from bulk.connectors.commercetools.sandbox.errors import Complaint, invalid_parameter, not_found, refuse
from bulk.connectors.commercetools.sandbox.listing import Listing, exists, expansions, only, page, whole
from bulk.connectors.commercetools.sandbox.requests import document, row_of_path
from bulk.connectors.commercetools.sandbox.tokens import READ_TYPES, Gate
from bulk.sandbox import Answer, Call, Row

_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "custom.type": ("custom",),
    "address.custom.type": ("address", "custom"),
}
"""Paths that lead to a type when they are expanded, and where its reference lies."""


class Channels:
    """The operations, over the channels of one project."""

    def __init__(self, directory: Directory, gate: Gate, client_id: str) -> None:
        self._directory = directory
        self._gate = gate
        self._client_id = client_id
        self._switches = directory.switches
        self._listing = Listing(table=directory.channels, fields=FIELDS)

    def one(self, call: Call) -> Answer:
        """One channel by id or key."""
        only(call, self._switches, "expand")
        return self._shown(call, HTTPStatus.OK, self._found(call))

    def query(self, call: Call) -> Answer:
        """A page of channels."""
        paths = self._paths(call)
        return page(self._listing, self._switches, call, lambda each: self._expanded(each, paths))

    def exists(self, call: Call) -> Answer:
        """Whether a channel has this id or key; without a body."""
        only(call, self._switches)
        self._found(call)
        return Answer(status=HTTPStatus.OK)

    def any_exists(self, call: Call) -> Answer:
        """Whether any channel fits; without a body."""
        if not exists(self._listing, self._switches, call):
            raise not_found("these properties")
        return Answer(status=HTTPStatus.OK)

    def create(self, call: Call) -> Answer:
        """A new channel."""
        only(call, self._switches, "expand")
        findings = Findings(self._switches)
        draft = check_draft(document(call, self._switches), findings)
        self._directory.claim(draft["key"], findings)
        custom = self._directory.customized(draft, findings)
        findings.settle()
        return self._shown(call, HTTPStatus.CREATED, self._directory.create(draft, custom, self._by(call)))

    def update(self, call: Call) -> Answer:
        """Apply actions to a channel, all of them or none."""
        only(call, self._switches, "expand")
        body = actions.check_update(document(call, self._switches), Findings(self._switches))
        row = self._found(call)
        self._hold_version(row, body["version"])
        changed = actions.apply(self._directory, row, body["actions"])
        if changed != row["document"]:
            self._directory.write(row, changed, self._by(call))
        return self._shown(call, HTTPStatus.OK, row)

    def delete(self, call: Call) -> Answer:
        """Remove a channel that nothing refers to."""
        only(call, self._switches, "expand", "version")
        versions = [value for name, value in call.query if name == "version"]
        if len(versions) != 1:
            raise invalid_parameter("version", "Missing required parameter.")
        version = whole("version", versions[0], 0, 1 << 62)
        row = self._found(call)
        self._hold_version(row, version)
        kind = self._switches.referenced.get(row["key"])
        if kind is not None:
            message = f"Can not delete a resource while it is referenced from at least one '{kind}'."
            raise refuse(Complaint(code="ReferenceExists", message=message, more={"referencedBy": kind}, broken=False))
        answer = self._shown(call, HTTPStatus.OK, row)
        self._directory.channels.remove(row)
        return answer

    def _found(self, call: Call) -> Row:
        row, title = row_of_path(call, self._directory.channels)
        if row is None:
            raise not_found(title)
        return row

    def _hold_version(self, row: Row, expected: int) -> None:
        actual = row["document"]["version"]
        if expected == actual:
            return
        message = "Version mismatch. Concurrent modification."
        if self._switches.conflict_wording == "versions":
            message = (
                f"Object {row['uuid']} has a different version than expected. Expected: {expected} - Actual: {actual}."
            )
        more = {"currentVersion": actual} if self._switches.current_version else {}
        complaint = Complaint(code="ConcurrentModification", message=message, more=more, broken=False)
        raise refuse(complaint, status=HTTPStatus.CONFLICT)

    def _by(self, call: Call) -> Mapping[str, Any]:
        user = call.headers.get("X-External-User-ID")
        return {
            "clientId": self._client_id,
            "isPlatformClient": False,
            **({"externalUserId": user} if user is not None else {}),
        }

    def _shown(self, call: Call, status: int, row: Row) -> Answer:
        return Answer.json(status, self._expanded(row["document"], self._paths(call)))

    def _paths(self, call: Call) -> frozenset[str]:
        """What to expand; raises `RefusedCallError`."""
        paths = expansions(call) & _TYPES.keys()
        if not paths or self._switches.type_expansion == "take" or self._gate.has(call, READ_TYPES):
            return paths
        if self._switches.type_expansion == "refuse":
            raise self._gate.insufficient(READ_TYPES)
        return frozenset()

    def _expanded(self, shown: Mapping[str, Any], paths: frozenset[str]) -> Mapping[str, Any]:
        if not paths:
            return shown
        made = copy.deepcopy(dict(shown))
        for path in paths:
            owner: Any = made
            for name in _TYPES[path]:
                owner = (owner or {}).get(name)
            if owner is not None:
                owner["type"]["obj"] = self._directory.registry.of_id(owner["type"]["id"])
        return made
