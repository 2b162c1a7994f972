"""How single values of a body are checked: what is of the wrong shape is refused before anything is looked up."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias, TypeGuard

from bulk.connectors.commercetools.sandbox.errors import Complaint, envelope
from bulk.connectors.commercetools.sandbox.switches import Switches
from bulk.sandbox import RefusedCallError

_LOCALE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_USUAL_KEY: Final = re.compile(r"[A-Za-z0-9_-]{2,256}")
_MESSAGE: Final = "Request body does not contain valid JSON."

Path: TypeAlias = tuple[str, ...]


class Findings:
    """Every fault of one request."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self.complaints: list[Complaint] = []

    def malformed(self, path: Path, detail: str) -> None:
        """The JSON is not of the documented shape."""
        more = {"detailedErrorMessage": f"{' -> '.join(path)}: {detail}" if path else detail}
        self.complaints.append(Complaint(code="InvalidJsonInput", message=_MESSAGE, more=more))

    def choice(self, path: Path, value: object, allowed: tuple[str, ...]) -> None:
        """A value that is not one of those allowed."""
        name = ".".join(path)
        message = f"The value '{value}' is not valid for field '{name}'. Allowed values are: {', '.join(allowed)}."
        more = {"field": name, "invalidValue": value, "allowedValues": list(allowed)}
        self.complaints.append(Complaint(code="InvalidField", message=message, more=more))

    def add(self, code: str, message: str, *, broken: bool = True, **more: Any) -> None:  # noqa: ANN401  # any JSON
        """Any other fault; `broken` where it breaks a documented rule in any state of the project."""
        self.complaints.append(Complaint(code=code, message=message, more=more, broken=broken))

    def settle(self) -> None:
        """Raise `RefusedCallError` if there is a fault."""
        if self.complaints:
            raise RefusedCallError(envelope(400, *self.complaints))


Rule: TypeAlias = Callable[[object, Path, Findings], None]


def anything(value: object, path: Path, findings: Findings) -> None:
    """Checked elsewhere."""


def text(value: object, path: Path, findings: Findings) -> None:
    """A string."""
    if not isinstance(value, str):
        findings.malformed(path, "String expected.")


def whole(value: object, path: Path, findings: Findings) -> None:
    """A JSON number without a fraction, of 64 bits."""
    if not is_whole(value):
        findings.malformed(path, "Long expected.")


def is_whole(value: object) -> TypeGuard[int]:
    """Whether a value is a whole number of 64 bits."""
    return isinstance(value, int) and not isinstance(value, bool) and -(1 << 63) <= value < 1 << 63


def usual_key(value: object, path: Path, findings: Findings) -> None:
    """2 to 256 letters, digits, underscores and hyphens."""
    if not isinstance(value, str):
        findings.malformed(path, "String expected.")
    elif not _USUAL_KEY.fullmatch(value):
        findings.add("InvalidInput", f"Malformed parameter: {path[-1]}: 2 to 256 of A-Z, a-z, 0-9, _ and - expected.")


def word(*words: str) -> Rule:
    """One of some words."""

    def check(value: object, path: Path, findings: Findings) -> None:
        if not isinstance(value, str):
            findings.malformed(path, "String expected.")
        elif value not in words:
            findings.choice(path, value, words)

    return check


def listed(rule: Rule) -> Rule:
    """An array."""

    def check(value: object, path: Path, findings: Findings) -> None:
        if not isinstance(value, list):
            findings.malformed(path, "Array expected.")
            return
        for index, each in enumerate(value):
            rule(each, (*path, str(index)), findings)

    return check


def localized(value: object, path: Path, findings: Findings) -> None:
    """An object of texts by locale; a locale has hyphens, not underscores."""
    if not isinstance(value, dict):
        findings.malformed(path, "Object expected.")
        return
    for locale, each in value.items():
        if not _LOCALE.fullmatch(locale):
            findings.malformed((*path, locale), f"'{locale}' is not a valid locale.")
        text(each, (*path, locale), findings)


def members(rules: Mapping[str, Rule], *, required: tuple[str, ...] = ()) -> Rule:
    """An object of these members."""

    def check(value: object, path: Path, findings: Findings) -> None:
        if not isinstance(value, dict):
            findings.malformed(path, "Object expected.")
            return
        for name in required:
            if name not in value:
                findings.malformed((*path, name), "Missing required value.")
        for name, each in value.items():
            if name in rules:
                rules[name](each, (*path, name), findings)
            elif findings.switches.unknown_fields == "refuse":
                findings.malformed((*path, name), "Unknown field.")

    return check


def without_nulls(value: Any) -> Any:  # noqa: ANN401  # JSON is any shape
    """The same without members that are null."""
    if isinstance(value, list):
        return [without_nulls(each) for each in value]
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    return value
