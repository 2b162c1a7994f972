"""What is said about a broken rule: what is wrong, and what to do. The words for spreadsheet damage are in `damage`."""

import json
from collections.abc import Callable

from bulk.model import Violation, many, shorten
from bulk.validation import damage
from bulk.validation.columns import Column, Kind, some_of
from bulk.validation.damage import Finding
from bulk.validation.json_text import canonical_json

_CORRECT = f"Correct the value{damage.OR_BLANK}."
_SAID = 20
"""Choices that a message names one by one."""
_BOUNDS = {
    "min_length": "have at least {} characters",
    "max_length": "have at most {} characters",
    "pattern": "match {}",
    "ge": "be at least {}",
    "gt": "be greater than {}",
    "le": "be at most {}",
    "lt": "be less than {}",
    "multiple_of": "be a multiple of {}",
}


TRUTH_VALUE = Finding(
    "truth_value",
    "this code is stored as true or false",
    "Format the column as text and enter the code again from its source.",
)


def missing_key(column: Column) -> Finding:
    """A row without a key."""
    return Finding("required", f"the row does not say which record it is about: {column.name} is blank", "Fill it in.")


def not_here(title: str, label: str) -> Finding:
    """A filled cell of a column that this kind of row does not have."""
    return Finding("not_here", f"{title} has no {label}", "Make the cell blank.")


def read_only_violation(row: int, label: str, value: object) -> Violation:
    """A cell that was edited although the API does not take its column back."""
    cell = None if value is None else shorten(value)
    return Violation(
        row=row,
        column=label,
        rule="read_only",
        value=cell,
        message=f"{label} is not as it was last read of this record, and the API does not take it back: it was edited "
        "here, or the record has changed since this file was written",
        advice="Put back the old value if it was edited; else export again, and make your changes there.",
    )


def not_nullable(column: Column, clear: str) -> Finding:
    """The marker for null where null is not taken."""
    advice = f"Write a value instead of {clear}{damage.OR_BLANK}."
    return Finding("not_nullable", f"{column.name} cannot be cleared: the API takes no null here", advice)


def not_a_list(column: Column, empty: str, clear: str) -> Finding:
    """The marker for an empty list where there is none."""
    if column.kind is Kind.JSON:
        return Finding(
            "not_a_list", f"{empty} means nothing in a column of JSON", "Write [] or {} for an empty structure."
        )
    advice = f"Write {clear} to clear it." if column.nullable else _CORRECT
    return Finding("not_a_list", f"{empty} stands for an empty list, and {column.name} is none", advice)


def too_few(bound: int) -> Finding:
    """A list that is too short."""
    return Finding("min_length", f"this must have at least {many(bound, 'value')}", _CORRECT)


def too_many(bound: int) -> Finding:
    """A list that is too long."""
    return Finding("max_length", f"this must have at most {many(bound, 'value')}", _CORRECT)


def wrong_parts(by: str, count: int) -> Finding:
    """A cell that the mapping takes apart, with another number of parts."""
    return Finding("split", f"this must hold {count} values with {by!r} between them", "Mend the cell or the mapping.")


def too_precise(cell: str) -> Finding:
    """A number that would not arrive as it was typed."""
    return Finding(
        "too_precise",
        f"this number has more digits than can be sent; it would arrive as {float(cell)!r}",
        f"Round it to {damage.EXACT_DIGITS} digits.",
    )


def out_of_bounds(name: str, bound: object) -> Callable[[str], Finding]:
    """A value beyond a bound of the model."""

    def explain(cell: str) -> Finding:
        it_has = f"; it has {len(cell)}" if name.endswith("length") else ""
        return Finding(name, f"this must {_BOUNDS[name].format(bound)}{it_has}", _CORRECT)

    return explain


def element_out_of_bounds(name: str, bound: object) -> Finding:
    """An element of a list beyond a bound of the model."""
    return Finding(name, f"each value must {_BOUNDS[name].format(bound)}", _CORRECT)


def unreadable(column: Column) -> Callable[[str], Finding]:
    """A cell that is not what the column holds."""

    def explain(cell: str) -> Finding:
        if damage.is_error_text(cell):
            return damage.explain_error_value(cell)
        match column.kind:
            case Kind.TEXT if choices := column.constraints.choices:
                allowed = " or ".join(choices) if len(choices) <= _SAID else f"one of {some_of(choices)}"
                return Finding("choices", f"this must be {allowed}", column.advice or _CORRECT)
            case Kind.INTEGER:
                return damage.explain_integer(cell)
            case Kind.NUMBER:
                return damage.explain_number(cell)
            case Kind.BOOLEAN:
                return Finding("boolean", "this is neither yes nor no", "Write true or false.")
            case Kind.SCALAR | Kind.VALUE:
                return Finding("scalar", "this is neither text nor a finite number nor yes or no", _CORRECT)
            case Kind.JSON:
                return _bad_json(cell, column)
            case Kind.TEXTS | Kind.INTEGERS:
                return _bad_list(column)
            case _:
                return Finding("text", "this is a list, where a single text belongs", "Write one text.")

    return explain


def _bad_json(cell: str, column: Column) -> Finding:
    reason = "it is not text"
    assert column.adapter is not None
    try:
        canonical_json(cell, column.adapter)
    except ValueError as error:
        reason = str(error)
    return Finding("json", f"this is not the JSON that {column.name} takes: {reason}", column.advice or _CORRECT)


def _bad_list(column: Column) -> Finding:
    what, example = ("whole numbers", "[1, 2]") if column.kind is Kind.INTEGERS else ("texts", '["a", "b"]')
    if column.each.choices:
        what, example = f"values out of {', '.join(column.each.choices)}", json.dumps(column.each.choices[:2])
    advice = f"Put a semicolon between the values, or write a JSON array such as {example}."
    return Finding("list", f"this is not a list of {what}", column.advice or advice)
