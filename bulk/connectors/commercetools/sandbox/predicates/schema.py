"""The fields that can be asked for, and how their values are read and compared."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from bulk.connectors.commercetools.sandbox.ids import is_id, place


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A field of a record."""

    kind: Literal["text", "id", "number", "time", "localized", "object", "set", "point", "open"]
    """`open` holds whatever the type of a custom field says."""
    members: "Mapping[str, Field]" = field(default_factory=dict)
    """Of an object."""
    words: tuple[str, ...] = ()
    """Of a set of fixed words; a set without them holds texts."""

    def member(self, name: str) -> "Field | None":
        """The field of that name within."""
        match self.kind:
            case "localized":
                return TEXT
            case "open":
                return self
            case _:
                return self.members.get(name)

    def read(self, value: str | float | bool, *, typed: bool) -> Any:  # noqa: ANN401  # comparable with the record's own
        """A value as it is compared, of a literal if `typed`, else of a variable; raises ValueError."""
        match self.kind:
            case "text":
                return _as_text(value)
            case "set":
                return self._as_word(_as_text(value))
            case "id":
                if not is_id(value):
                    raise ValueError(f"Invalid UUID: '{value}'")
                return place(str(value))
            case "number":
                return _as_number(value, typed=typed)
            case "time":
                return _as_time(value)
            case _:
                return value if typed else _Loose(str(value))

    def own(self, value: Any) -> Any:  # noqa: ANN401  # any JSON
        """The record's value as it is compared."""
        match self.kind:
            case "id":
                return place(value)
            case "time":
                return datetime.fromisoformat(value)
            case _:
                return value

    def _as_word(self, value: str) -> str:
        if self.words and value not in self.words:
            raise ValueError(f"Invalid enum value: {value}")
        return value


class _Loose:
    """The value of a variable where the kind of the field is not known: a text, a number or a truth value."""

    def __init__(self, text: str) -> None:
        self._text = text

    def beside(self, own: object) -> object:
        """The value as the kind of the record's own; None where that cannot be."""
        if isinstance(own, bool):
            return {"true": True, "false": False}.get(self._text)
        if isinstance(own, int | float):
            try:
                return float(self._text)
            except ValueError:
                return None
        return self._text if isinstance(own, str) else None


def beside(wanted: object, own: object) -> object:
    """What to compare with a value of a record; None where the two cannot be compared."""
    if isinstance(wanted, _Loose):
        return wanted.beside(own)
    if isinstance(own, bool) != isinstance(wanted, bool):
        return None
    if isinstance(own, int | float) and isinstance(wanted, int | float):
        return wanted
    return wanted if isinstance(wanted, type(own)) else None


def _as_text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"A string expected, not {_shown(value)}")  # noqa: TRY004  # a fault of the request
    return value


def _as_number(value: str | float | bool, *, typed: bool) -> float:
    if isinstance(value, bool) or (typed and isinstance(value, str)):
        raise ValueError(f"A number expected, not {_shown(value)}")
    try:
        return int(value) if isinstance(value, str) and value.lstrip("-").isdigit() else float(value)
    except ValueError:
        raise ValueError(f"A number expected, not {_shown(value)}") from None


def _as_time(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(_as_text(value))
    except ValueError:
        raise ValueError(f"A date and time of ISO 8601 expected, not {_shown(value)}") from None
    if moment.tzinfo is None:
        raise ValueError(f"A date and time with its zone expected, not {_shown(value)}")
    return moment


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


TEXT: Final = Field(kind="text")
_ID: Final = Field(kind="id")
_NUMBER: Final = Field(kind="number")
_TIME: Final = Field(kind="time")
_BY: Final = Field(kind="object", members={"clientId": TEXT, "externalUserId": TEXT})
REFERENCE: Final = Field(kind="object", members={"typeId": TEXT, "id": _ID})
CUSTOM: Final = Field(kind="object", members={"type": REFERENCE, "fields": Field(kind="open")})

EVERYWHERE: Final[Mapping[str, Field]] = {
    "id": _ID,
    "version": _NUMBER,
    "key": TEXT,
    "createdAt": _TIME,
    "lastModifiedAt": _TIME,
    "createdBy": _BY,
    "lastModifiedBy": _BY,
}
"""Fields of every kind of record."""

COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": lambda own, wanted: own == wanted,
    "!=": lambda own, wanted: own != wanted,
    "<>": lambda own, wanted: own != wanted,
    "<": lambda own, wanted: own < wanted,
    "<=": lambda own, wanted: own <= wanted,
    ">": lambda own, wanted: own > wanted,
    ">=": lambda own, wanted: own >= wanted,
}
"""By operator, of two values of one kind."""
