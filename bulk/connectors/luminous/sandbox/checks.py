"""How single values are checked, whatever they belong to."""

from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeGuard

from bulk.connectors.luminous.sandbox.switches import Switches
from bulk.sandbox import is_number


class Findings:
    """Every fault of one body, in Laravel's words."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self.errors: dict[str, list[str]] = {}
        self.broken: str | None = None

    def breaks(self, path: str, complaint: str) -> None:
        """A documented rule is broken."""
        self.refuse(path, complaint)
        self.broken = self.broken or self.errors[path][-1]

    def refuse(self, path: str, complaint: str) -> None:
        """Not taken, although no page rules it out."""
        self.errors.setdefault(path, []).append(f"The {path.replace('_', ' ')} field {complaint}.")


Rule: TypeAlias = Callable[[object, str, Findings], None]


def text(longest: int | None = None) -> Rule:
    """A string of at most so many characters."""

    def check(value: object, path: str, findings: Findings) -> None:
        if not isinstance(value, str):
            findings.breaks(path, "must be a string")
        elif longest is not None and len(value) > longest:
            findings.breaks(path, f"must not be greater than {longest} characters")

    return check


def integer(value: object, path: str, findings: Findings) -> None:
    """A JSON number without a fraction."""
    if not isinstance(value, int) or isinstance(value, bool):
        findings.breaks(path, "must be an integer")


def flag(value: object, path: str, findings: Findings) -> None:
    """True or false; 0 and 1 are numbers."""
    if not isinstance(value, bool):
        findings.breaks(path, "must be true or false")


def amount(value: object, path: str, findings: Findings) -> None:
    """A finite number, x >= 0."""
    if not is_number(value):
        findings.breaks(path, "must be a number")
    elif value < 0:
        findings.breaks(path, "must be at least 0")


def weight(value: object, path: str, findings: Findings) -> None:
    """An object of `unit` and `value`; which units there are, and that a weight is not negative, is not printed."""
    if not _is_object(value, path, findings, ("unit", "value")):
        return
    for name in ("unit", "value"):
        if name not in value:
            findings.breaks(f"{path}.{name}", "is required")
    if "unit" in value:
        unit = value["unit"]
        text()(unit, f"{path}.unit", findings)
        if isinstance(unit, str) and unit not in findings.switches.weight_units:
            findings.refuse(f"{path}.unit", f"must be one of {', '.join(findings.switches.weight_units)}")
    if "value" in value:
        size = value["value"]
        if not is_number(size):
            findings.breaks(f"{path}.value", "must be a number")
        elif size < 0:
            findings.refuse(f"{path}.value", "must be at least 0")


def named(value: object, path: str, findings: Findings) -> None:
    """An object with a `name`."""
    if _is_object(value, path, findings, ("name",)):
        if "name" in value:
            text()(value["name"], f"{path}.name", findings)
        else:
            findings.breaks(f"{path}.name", "is required")


def custom_fields(value: object, path: str, findings: Findings) -> None:
    """An object of values by label; a value is a text, a number, a date or a choice."""
    if not isinstance(value, dict):
        findings.breaks(path, "must be an object")
        return
    for label, each in value.items():
        if isinstance(each, dict | list):
            findings.refuse(f"{path}.{label}", "must be a single value")
        elif isinstance(each, float) and not is_number(each):
            findings.breaks(f"{path}.{label}", "must be a number")


def listed(rule: Rule, *, most: int | None = None) -> Rule:
    """An array of at most so many elements."""

    def check(value: object, path: str, findings: Findings) -> None:
        if not isinstance(value, list):
            findings.breaks(path, "must be an array")
            return
        if most is not None and len(value) > most:
            findings.breaks(path, f"must not have more than {most} items")
            return
        for index, each in enumerate(value):
            rule(each, f"{path}.{index}", findings)

    return check


def nullable(rule: Rule) -> Rule:
    """Null, or what the rule says."""

    def check(value: object, path: str, findings: Findings) -> None:
        if value is not None:
            rule(value, path, findings)

    return check


def open_object(value: object, path: str, findings: Findings) -> None:
    """An object of which no more is known."""
    if not isinstance(value, dict):
        findings.breaks(path, "must be an object")


def choice(*words: str) -> Rule:
    """One of some words."""

    def check(value: object, path: str, findings: Findings) -> None:
        if value not in words:
            findings.breaks(path, f"must be one of {', '.join(words)}")

    return check


def _is_object(value: object, path: str, findings: Findings, names: tuple[str, ...]) -> TypeGuard[dict[str, object]]:
    if not isinstance(value, dict):
        findings.breaks(path, "must be an object")
        return False
    for name in value:
        if name not in names:
            findings.breaks(f"{path}.{name}", "is prohibited")
    return True


def check_fields(body: Mapping[str, object], rules: Mapping[str, Rule], prefix: str, findings: Findings) -> None:
    """Hold every field against its rule; one that the page does not list is a fault of its own."""
    for name, value in body.items():
        rule = rules.get(name)
        if rule is None:
            findings.breaks(prefix + name, "is prohibited")
        else:
            rule(value, prefix + name, findings)
