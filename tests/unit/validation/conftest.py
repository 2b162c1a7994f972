from collections.abc import Callable
from typing import Annotated, Any, Literal

import polars as pl
import pytest
from pydantic import Field

from bulk.model import ROW
from bulk.validation import Checked, Faults, Schema, Validator, bind, compile_schema
from bulk.validation.document import UNSET, Advice, Consequence, Document, Identifier, NotBoth


class Size(Document):
    unit: Annotated[Literal["cm", "in"], Field(), Advice("Convert it.")]
    value: Annotated[float, Field(ge=0)]


class Place(Document):
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")]
    city: str = UNSET


class Thing(Document):
    """A model with every kind of field."""

    rules = (NotBoth("group_id", "label", "they mean the same"),)

    sku: Annotated[str, Field(max_length=10), Identifier()] = UNSET
    id: int = UNSET
    code: Annotated[str | None, Field(), Identifier()] = UNSET
    label: Annotated[str, Field(min_length=2, max_length=5)] = UNSET
    note: str | None = UNSET
    stock: Annotated[int | None, Field(ge=-5, lt=100, multiple_of=5)] = UNSET
    price: Annotated[float | None, Field(gt=0, le=10_000)] = UNSET
    active: bool | None = UNSET
    group_id: int = UNSET
    size: Size = UNSET
    place: Place | None = UNSET
    names: dict[Annotated[str, Field(pattern="^[a-z]{2}$")], Annotated[str, Field(max_length=6)]] = UNSET
    extra: dict[str, str | int | float | bool] = UNSET
    tags: Annotated[
        list[Annotated[str, Field(max_length=4)]] | None, Field(max_length=4), Consequence("removes tags")
    ] = UNSET
    roles: Annotated[list[Literal["Main", "Side"]], Field(min_length=1)] = UNSET
    parts: list[int] | None = UNSET
    raw: dict[str, Any] | None = UNSET


def assert_same_faults(found: Faults, checked: Checked) -> None:
    """A glance must overlook nothing."""
    assert repr((found.bad, found.unusual)) == repr((checked.bad, checked.unusual))  # NaN is not even itself


@pytest.fixture
def thing() -> Schema:
    """Columns of a model with every kind of field."""
    return compile_schema(Thing)


@pytest.fixture
def check() -> Callable[..., Checked]:
    """Validates a table given as columns of cells; text unless the cells say otherwise."""

    def check(columns: dict[str, list[Any]], *, model: type[Document] = Thing, **options: Any) -> Checked:
        markers = {name: options.pop(name) for name in ("clear", "empty") if name in options}
        series = [
            cells.alias(name) if isinstance(cells, pl.Series) else pl.Series(name, cells, dtype=pl.String)
            for name, cells in columns.items()
        ]
        frame = pl.DataFrame(series)
        frame = frame.insert_column(0, pl.int_range(2, frame.height + 2, dtype=pl.Int64, eager=True).alias(ROW))
        schema = compile_schema(model)
        binding = bind(schema, list(columns), keys=("sku", "id"), **options)
        validator = Validator(schema, binding, **markers)
        checked = validator.check(frame)
        assert_same_faults(validator.faults(frame), checked)
        return checked

    return check
