"""What spreadsheets do to cells: recognised, named, and said how to undo. Rule names are stable."""

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

ERROR_VALUES: Final = (
    "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!", "#GETTING_DATA",
)  # fmt: skip
"""What a spreadsheet shows where a formula failed."""

SCIENTIFIC: Final = r"^[+-]?\d(?:\.\d+)?[eE][+-]\d{2,3}$"
"""The form that spreadsheets write. `12E5` is not of it: that is a lawful code."""

_MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)"
_TIME = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
DATE: Final = (
    rf"(?i)^(?:(?:19|20)\d{{2}}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]){_TIME}"
    rf"|(?:0?[1-9]|[12]\d|3[01])[/.](?:0?[1-9]|[12]\d|3[01])[/.](?:19|20)\d{{2}}{_TIME}"
    rf"|(?:0?[1-9]|[12]\d|3[01])-{_MONTH}(?:-(?:\d{{2}}|\d{{4}}))?"
    rf"|{_MONTH}-(?:\d{{2}}|\d{{4}}))$"
)
"""A day as spreadsheets write it, or a month and a year."""

MONTH_FIRST: Final = (6, 9)
"""How long at least and at most are those that begin with a letter: `mar-24` and `sept-2024`."""

_ERROR: Final = rf"^(?:{'|'.join(map(re.escape, ERROR_VALUES))}|#{{3,}})$"
_DAMAGED: Final = rf"(?:{SCIENTIFIC})|(?:{DATE})|{_ERROR}"
"""All of these at once, since a text is looked through once for each pattern."""

INVISIBLE: Final = r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}[\p{Zs}--\x20]]"
"""Characters that cannot be seen, or look like a plain space without being one."""

_CURRENCY = r"[$€£¥₹₽₩₺₴₪₫฿]|(?i:\b(?:USD|EUR|GBP|CAD|AUD|CHF|JPY|CNY|SEK|NOK|DKK|PLN)\b)"
EXACT_DIGITS: Final = 15
"""Significant digits of a number that a spreadsheet keeps."""


OR_BLANK: Final = ", or make the cell blank to leave this field alone"
"""The other way out, of fields that need not be sent."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with one cell."""

    rule: str
    """Short stable name."""
    message: str
    """One sentence."""
    advice: str | None = None
    """What to do."""

    def of_what_must_be_sent(self) -> "Finding":
        """The same of a field that cannot be left alone."""
        return self if self.advice is None else replace(self, advice=self.advice.replace(OR_BLANK, ""))


def is_error_value(text: pl.Expr) -> pl.Expr:
    """Whether a cell shows that a formula failed, or that its column was too narrow."""
    return text.str.contains(_ERROR)


def is_damaged_identifier(text: pl.Expr) -> pl.Expr:
    """Whether a cell can no longer be the code that it was."""
    return text.str.contains(_DAMAGED)


def explain_error_value(text: str) -> Finding:
    """What `#N/A` and its like mean."""
    return Finding(
        "error_value",
        f"{text} is what a spreadsheet shows where a formula failed"
        if text.strip("#")
        else "the column was too narrow",
        f"Mend the formula{OR_BLANK}.",
    )


def explain_identifier(text: str) -> Finding:
    """What became of a code."""
    if re.match(SCIENTIFIC, text):
        return Finding(
            "scientific_notation",
            "the spreadsheet has turned this code into a number and cut off its digits",
            "Format the column as text and enter the code again from its source; the digits are lost here.",
        )
    if re.match(DATE, text):
        return Finding(
            "date",
            "the spreadsheet has turned this code into a date",
            "Format the column as text and enter the code again from its source.",
        )
    return explain_error_value(text)


def explain_rounded(text: str) -> Finding:
    """What became of a code of more than 15 digits that was stored as a number."""
    return Finding(
        "rounded_number",
        f"a spreadsheet keeps {EXACT_DIGITS} digits of a number; this one has {len(text.lstrip('-'))}",
        "Format the column as text and enter the code again from its source.",
    )


def explain_invisible(text: str) -> Finding:
    """Which character cannot be seen."""
    names = {
        unicodedata.name(one, f"control character U+{ord(one):04X}")
        for one in text
        if unicodedata.category(one) in {"Cc", "Cf", "Zl", "Zp"} or (one != " " and unicodedata.category(one) == "Zs")
    }
    return Finding(
        "invisible_character",
        f"the key holds a character that cannot be seen: {', '.join(sorted(names)).lower()}",
        "Delete it, or type the key anew; with it this is another key.",
    )


def explain_number(text: str) -> Finding:
    """Why a cell is no plain decimal number."""
    for rule, pattern, message, advice in _NUMBER_DAMAGE:
        if pattern.search(text):
            return Finding(rule, message, advice)
    if is_error_text(text):
        return explain_error_value(text)
    return Finding("number", "this is not a number", "Write digits only, with a point before the decimals: 1234.50.")


def explain_integer(text: str) -> Finding:
    """Why a cell is no whole number."""
    if re.fullmatch(r"[+-]?\d+(?:\.0*)?", text, re.ASCII):
        return Finding("integer_range", "this number is too large", "Whole numbers go up to 9223372036854775807.")
    if re.fullmatch(r"[+-]?(?:\d+\.?\d*|\.\d+)", text, re.ASCII):
        return Finding("integer", "this is not a whole number", "Round it to a whole number.")
    found = explain_number(text)
    return Finding("integer", "this is not a whole number", found.advice) if found.rule == "number" else found


def is_error_text(text: str) -> bool:
    """As `is_error_value`, for one text."""
    return text in ERROR_VALUES or (len(text) >= 3 and not text.strip("#"))  # noqa: PLR2004  # as in the pattern


_DIGITS = "Write digits only, with a point before the decimals: 1234.50."
_NUMBER_DAMAGE: Final = tuple((rule, re.compile(pattern), message, advice) for rule, pattern, message, advice in (
    ("scientific_notation", r"^[+-]?[\d.]+[eE][+-]?\d+$", "this number is in scientific notation",
     "Format the column as a number with enough digits, and save it again."),
    ("finite", r"(?i)^[+-]?(?:nan|inf|infinity)$", "this is not a finite number",
     f"Write a number{OR_BLANK}."),
    ("finite", r"^[+-]?[\d.]{300,}$", "this number is too large", "Write the number meant."),
    ("date", DATE, "the spreadsheet has turned this number into a date",
     "Format the column as a number and enter the value again."),
    ("currency_sign", _CURRENCY, "a number must stand without a currency", _DIGITS),
    ("percent", r"[%‰]", "a number must stand without a percent sign", "Write the number itself, such as 0.15."),
    ("accounting_parentheses", r"^\(.*\)$|\d-$", "a negative number must have its minus sign in front",
     "Write -1234.50."),
    ("thousands_separator", r"^[+-]?\d{1,3}(?:[,\s'\u2019]\d{3})+(?:\.\d*)?$",
     "a number must stand without thousands separators; a comma may even be meant as the decimal point", _DIGITS),
    ("thousands_separator", r"^[+-]?\d{1,3}(?:[.\s'\u2019]\d{3})+,\d*$|^[+-]?\d{1,3}(?:\.\d{3}){2,}$",
     "a number must stand without thousands separators, and with a decimal point instead of a comma", _DIGITS),
    ("decimal_comma", r"^[+-]?\d*,\d+$", "a number must have a decimal point, not a comma", _DIGITS),
))  # fmt: skip
"""Rule, pattern, message and advice; the first that fits names the fault."""
