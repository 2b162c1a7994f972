"""Cells to values, by one written table; pydantic itself is strict and coerces nothing.

Every cell is first brought to text: stripped of Unicode whitespace at both ends, null if nothing is left.

    text          as it is
    whole number  its digits                         list           its values, joined by `; `
    float         plain digits, without decimals     date and time  ISO 8601, without a time of midnight
                  if it is whole
    boolean       `true` or `false`                  null           blank

Text is then read as what the column holds; null where that fails:

    text          as it is; a choice regardless of case
    whole number  `[+-]?digits(.0*)?` within 64 bits
    number        a plain decimal, finite; -0 is 0
    boolean       true/false, yes/no, y/n, 1/0, t/f, on/off in any case
    list          values between `;`, blank ones dropped, or a JSON array of single values; at least one value
    scalar        text; a typed cell keeps its type
    value         as a scalar, but text that is a JSON array or object is what it says
    JSON          what pydantic accepts, written canonically

Numbers in typed cells are not sent through text, so that they arrive as they are.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum, auto
from typing import Any, Final, TypeAlias

import polars as pl

from bulk.errors import SourceError
from bulk.validation.columns import Column, Kind
from bulk.validation.json_text import STRUCTURE, canonical, parts_of_array, quoted, structure

BOOLEANS: Final[Mapping[str, bool]] = {
    word: value
    for value, words in ((True, ("true", "yes", "y", "1", "t", "on")), (False, ("false", "no", "n", "0", "f", "off")))
    for word in words
}
TRUE, FALSE = (
    [form for word, value in BOOLEANS.items() if value is wanted for form in (word, word.title(), word.upper())]
    for wanted in (True, False)
)
DECIMAL: Final = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)$"
WHOLE: Final = r"^([+-]?[0-9]+)(?:\.0*)?$"
_EXACT = 2.0**53
_SMALL = 1e-3
"""Some floats below it are written with an exponent, which no number in text may have."""

PolarsType: TypeAlias = pl.DataType | pl.datatypes.DataTypeClass


class Family(Enum):
    """What the cells of a frame's column are, as far as the table tells them apart."""

    TEXT = auto()
    INTEGER = auto()
    FLOAT = auto()
    BOOLEAN = auto()
    DAY = auto()
    MOMENT = auto()
    TIME = auto()
    LIST = auto()
    NOTHING = auto()


_FAMILIES: Final[Mapping[pl.datatypes.DataTypeClass, Family]] = {
    pl.String: Family.TEXT,
    pl.Categorical: Family.TEXT,
    pl.Enum: Family.TEXT,
    pl.Decimal: Family.TEXT,
    pl.Float32: Family.FLOAT,
    pl.Float64: Family.FLOAT,
    pl.Boolean: Family.BOOLEAN,
    pl.Date: Family.DAY,
    pl.Datetime: Family.MOMENT,
    pl.Time: Family.TIME,
    pl.Null: Family.NOTHING,
}


def family_of(dtype: PolarsType, header: str) -> Family:
    """The family of a column. Raises `SourceError` for what has no form in a cell, such as records and bytes."""
    if dtype.is_integer():
        return Family.INTEGER
    if isinstance(dtype, pl.List) and family_of(dtype.inner, header) is not Family.LIST:
        return Family.LIST
    if family := _FAMILIES.get(dtype.base_type()):
        return family
    raise SourceError(
        f"cells of the type {dtype} cannot be read",
        column=header,
        advice="Give text, numbers, booleans, dates or lists of these; nested records as JSON text, or a column each.",
    )


def text_of(cell: pl.Expr, dtype: PolarsType, family: Family) -> pl.Expr:
    """Text of a cell, null or empty if it is blank."""
    if family is Family.TEXT:
        text = cell.cast(pl.String) if dtype != pl.String else cell
    elif family is Family.FLOAT:
        number = number_of(cell, dtype)
        whole = (number == number.floor()) & (number.abs() < _EXACT)
        digits = number.cast(pl.String)
        text = (
            pl.when(whole)
            .then(number.cast(pl.Int64, strict=False).cast(pl.String))
            .when(number.abs() < _SMALL)
            .then(each(pl.when(number.abs() < _SMALL).then(digits), _without_exponent, pl.String()))
            .otherwise(digits)
        )
    elif family is Family.MOMENT:
        zone = "%:z" if isinstance(dtype, pl.Datetime) and dtype.time_zone else ""
        day, moment = cell.dt.to_string("%Y-%m-%d"), cell.dt.to_string(f"%Y-%m-%dT%H:%M:%S%.f{zone}")
        text = pl.when(cell.dt.time() == pl.time(0, 0, 0)).then(day).otherwise(moment)
    elif family is Family.TIME:
        text = cell.dt.to_string("%H:%M:%S%.f")
    elif family is Family.LIST:
        text = parts_of(cell, dtype).list.join("; ")
    else:
        text = cell.cast(pl.String)
    return text.str.strip_chars()


def number_of(cell: pl.Expr, dtype: PolarsType) -> pl.Expr:
    """Number of a float cell. The shortest text of a narrow float is what was meant: 19.99, not 19.989999771118164."""
    return cell if dtype == pl.Float64 else cell.cast(pl.String).cast(pl.Float64)


def parts_of(cell: pl.Expr, dtype: PolarsType) -> pl.Expr:
    """Elements of a typed list as text, without blank ones; null if none is left."""
    assert isinstance(dtype, pl.List)
    text = text_of(pl.element(), dtype.inner, family_of(dtype.inner, ""))
    parts = cell.list.eval(text).list.eval(pl.element().filter(pl.element() != ""))
    return pl.when(parts.list.len() > 0).then(parts)


def value_of(text: pl.Expr, column: Column) -> pl.Expr:
    """Value of a text that is not blank, null where it is none of the column's kind. Scalars and JSON become JSON."""
    value = first_value(text, column)
    last = last_value(value, text, column)
    return value if last is None else last


def last_value(value: pl.Expr, text: pl.Expr, column: Column) -> pl.Expr | None:
    """The value of a text in view of its `first_value`; None where that is it."""
    others = pl.when(value.is_null()).then(text)
    if column.kind is Kind.INTEGER:
        return pl.coalesce(value, others.str.extract(WHOLE).cast(pl.Int64, strict=False))
    if column.kind is Kind.BOOLEAN:
        words = others.str.to_lowercase()
        return pl.coalesce(value, words.replace_strict(BOOLEANS, default=None, return_dtype=pl.Boolean))
    if column.kind is Kind.NUMBER:
        return _finite(value)
    return None


def first_value(text: pl.Expr, column: Column) -> pl.Expr:
    """A value as far as the text tells at once; apart, since an expression is worked out as often as it is used."""
    kind = column.kind
    if kind is Kind.TEXT:
        return text if column.constraints.choices is None else _chosen(text, column.constraints.choices)
    if kind is Kind.INTEGER:
        return text.cast(pl.Int64, strict=False)  # digits alone, as nearly all are
    if kind is Kind.NUMBER:
        # The cast takes exactly `DECIMAL`, exponents, infinities and NaN.
        return pl.when(~text.str.contains_any(["e", "E"])).then(text).cast(pl.Float64, strict=False)
    if kind is Kind.BOOLEAN:
        return pl.when(text.is_in(TRUE)).then(pl.lit(value=True)).when(text.is_in(FALSE)).then(pl.lit(value=False))
    if kind is Kind.SCALAR:
        return quoted(text)
    if kind is Kind.VALUE:
        structures = each(pl.when(text.str.contains(STRUCTURE)).then(text), structure, pl.String())
        return pl.coalesce(structures, quoted(text))
    if kind is Kind.JSON:
        assert column.adapter is not None
        return each(text, canonical(column.adapter), pl.String)
    plain = (
        text.str.split(";").list.eval(pl.element().str.strip_chars()).list.eval(pl.element().filter(pl.element() != ""))
    )
    array = each(pl.when(text.str.starts_with("[")).then(text), parts_of_array, pl.List(pl.String))
    return _elements(pl.when(text.str.starts_with("[")).then(array).otherwise(plain), column)


def direct(cell: pl.Expr, dtype: PolarsType, family: Family, column: Column) -> pl.Expr | None:
    """Value of a typed cell where it need not go through text; None where the table has no such way."""
    match family, column.kind:
        case Family.INTEGER, Kind.INTEGER:
            return cell.cast(pl.Int64, strict=False)
        case Family.INTEGER, Kind.NUMBER:
            return cell.cast(pl.Float64)
        case Family.FLOAT, Kind.NUMBER:
            return _finite(number_of(cell, dtype))
        case Family.BOOLEAN, Kind.BOOLEAN:
            return cell
        case ((Family.INTEGER | Family.BOOLEAN), (Kind.SCALAR | Kind.VALUE)):
            return cell.cast(pl.String)
        case Family.FLOAT, (Kind.SCALAR | Kind.VALUE):
            return pl.when(cell.is_finite()).then(text_of(cell, dtype, family))
        case Family.LIST, (Kind.TEXTS | Kind.INTEGERS):
            return _elements(parts_of(cell, dtype), column)
        case Family.LIST, _:
            kind = {Kind.INTEGER: pl.Int64(), Kind.NUMBER: pl.Float64(), Kind.BOOLEAN: pl.Boolean()}
            return pl.lit(None, dtype=kind.get(column.kind, pl.String()))
        case _:
            return None


def each(text: pl.Expr, convert: Callable[[str], Any], dtype: PolarsType) -> pl.Expr:
    """Convert cell by cell in Python: only for what no expression can read."""

    def convert_all(cells: pl.Series) -> pl.Series:
        if cells.null_count() == len(cells):
            return pl.repeat(None, len(cells), dtype=dtype, eager=True)
        return pl.Series([None if cell is None else convert(cell) for cell in cells], dtype=dtype)

    return text.map_batches(convert_all, return_dtype=dtype, is_elementwise=True)


def is_decimal(text: str) -> bool:
    """Whether a text is a plain decimal."""
    return re.search(DECIMAL, text) is not None


def _chosen(text: pl.Expr, choices: tuple[str, ...]) -> pl.Expr:
    by_case = {choice.lower(): choice for choice in choices}
    if len(by_case) < len(choices):
        return pl.when(text.is_in(choices)).then(text)
    return text.str.to_lowercase().replace_strict(by_case, default=None, return_dtype=pl.String)


def _finite(number: pl.Expr) -> pl.Expr:
    """A number as it is sent: null if there is no such number, and never -0, which is 0."""
    return pl.when(number == 0.0).then(pl.lit(0.0)).when(number.is_finite()).then(number)  # polars leaves out a + 0.0


def _without_exponent(digits: str) -> str:
    return f"{Decimal(digits):f}"


def _elements(parts: pl.Expr, column: Column) -> pl.Expr:
    """Elements read as the column demands, null unless all can be read and there is one."""
    values = parts
    if column.kind is Kind.INTEGERS:
        values = parts.list.eval(pl.element().str.extract(WHOLE).cast(pl.Int64, strict=False))
    elif column.each.choices:
        values = parts.list.eval(_chosen(pl.element(), column.each.choices))
    complete = (values.list.len() > 0) & ~values.list.eval(pl.element().is_null()).list.any()
    return pl.when(complete).then(values)
