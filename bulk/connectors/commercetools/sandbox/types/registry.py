"""The types of one project, and what they say of custom fields."""

from collections.abc import Mapping, Sequence
from typing import Any

from bulk.connectors.commercetools.sandbox.checks import Findings, Path
from bulk.connectors.commercetools.sandbox.ids import is_id, new_id, place
from bulk.connectors.commercetools.sandbox.timestamps import stamp
from bulk.connectors.commercetools.sandbox.types.values import check_value, stored
from bulk.sandbox import Row, Store


class Registry:
    """Types in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.types = store.table("types", unique=("uuid", "key"), ordered=("id",))

    def add(self, draft: Mapping[str, Any]) -> Row:
        """A new type; drafts of a seed are not checked."""
        id = draft.get("id", new_id("types", len(self.types) + 1))
        now = stamp(self._store.moment())
        document = {
            "id": id,
            "version": 1,
            "createdAt": now,
            "lastModifiedAt": now,
            **draft,
        }
        return self.types.add({"id": place(id), "uuid": id, "key": draft["key"], "document": document})

    def of_id(self, id: str) -> Mapping[str, Any] | None:
        """The type of that id."""
        row = self.types.find("uuid", id)
        return None if row is None else row["document"]

    def customized(
        self, custom: Mapping[str, Any], resource: str, path: Path, findings: Findings
    ) -> dict[str, Any] | None:
        """`custom` as it is kept, for a `channel` or an `address`; None where there is a fault."""
        type = self._named(custom["type"], findings)
        if type is None:
            return None
        if resource not in type["resourceTypeIds"]:
            message = f"The type '{type['key']}' cannot be used for resources of type '{resource}'."
            findings.add("InvalidInput", message, broken=False)
            return None
        fields = custom.get("fields", {})
        before = len(findings.complaints)
        for name, value in fields.items():
            self.check_field(type, name, value, (*path, "fields", name), findings)
        for definition in type["fieldDefinitions"]:
            if definition["required"] and definition["name"] not in fields:
                self.missing(definition["name"], findings)
        if len(findings.complaints) > before:
            return None
        return {
            "type": {"typeId": "type", "id": type["id"]},
            "fields": {name: stored(definition_of(type, name)["type"], value) for name, value in fields.items()},
        }

    def check_field(self, type: Mapping[str, Any], name: str, value: object, path: Path, findings: Findings) -> None:
        """Hold a value against the definition of its field."""
        definition = next((each for each in type["fieldDefinitions"] if each["name"] == name), None)
        if definition is None:
            names = tuple(each["name"] for each in type["fieldDefinitions"])
            findings.choice((*path[:-1], name), name, names)
            return
        problem = check_value(definition["type"], value)
        if problem is not None:
            message = f"The value is not valid for field '{name}': {problem}."
            findings.add("InvalidField", message, field=name, invalidValue=value)

    @staticmethod
    def missing(name: str, findings: Findings) -> None:
        """A required field is to be without a value."""
        findings.add("RequiredField", f"A value is required for field '{name}'.", field=name, broken=False)

    def _named(self, identifier: Mapping[str, Any], findings: Findings) -> Mapping[str, Any] | None:
        how = "id" if "id" in identifier else "key"
        named = identifier[how]
        if how == "id" and not is_id(named):
            findings.malformed(("type", "id"), f"Invalid UUID: '{named}'")
            return None
        row = self.types.find("uuid" if how == "id" else "key", named)
        if row is None:
            message = f"The referenced object of type 'type' with identifier '{named}' was not found."
            findings.add("ReferencedResourceNotFound", message, broken=False, typeId="type", **{how: named})
            return None
        found: Mapping[str, Any] = row["document"]
        return found


def definition_of(type: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The definition of a field that the type has."""
    definitions: Sequence[Mapping[str, Any]] = type["fieldDefinitions"]
    return next(each for each in definitions if each["name"] == name)
