"""What an API takes, and which rows of a table it would take.

Reading order: `document` and `joint` (how a model is written), `schema` and `shapes` (the model as flat `columns`),
`mapping`, `vocabulary`, `bound` and `binding` (the columns of one file), `coerce`, `json_text` and `damage` (cells to
values), `reader` (a table's cells as a working frame), `rules` and `joint_rules` (constraints as expressions),
`rulebook` (which rows break them), `looks` and `glance` (which rows need not be read), `payload` (values to JSON),
`shown` (what is read but not judged), `validator` (a frame into good rows and rejections), `whole_file`, `repeats`,
`widths` and `commas` (what only the whole file can tell), `origin` (by what a row is recognised), `groups` (for the
screen).

Names are looked up when they are asked for: models and schemas do without polars, and must stay quick to show.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bulk.validation.binding import bind, header_of
    from bulk.validation.bound import Binding
    from bulk.validation.cells import as_text, original_cells
    from bulk.validation.columns import Column, Schema
    from bulk.validation.commas import AMBIGUOUS
    from bulk.validation.groups import Group, Groups
    from bulk.validation.mapping import Mapping, load_mapping, parse_mapping
    from bulk.validation.messages import read_only_violation
    from bulk.validation.origin import Origins
    from bulk.validation.schema import compile_schema
    from bulk.validation.validator import Validator
    from bulk.validation.verdicts import Checked, Faults, Unusual
    from bulk.validation.whole_file import WholeFile

_HOMES = {
    "AMBIGUOUS": "commas",
    "Binding": "bound",
    "Checked": "verdicts",
    "Column": "columns",
    "Faults": "verdicts",
    "Group": "groups",
    "Groups": "groups",
    "Mapping": "mapping",
    "Origins": "origin",
    "Schema": "columns",
    "Unusual": "verdicts",
    "Validator": "validator",
    "WholeFile": "whole_file",
    "as_text": "cells",
    "bind": "binding",
    "compile_schema": "schema",
    "header_of": "binding",
    "load_mapping": "mapping",
    "original_cells": "cells",
    "parse_mapping": "mapping",
    "read_only_violation": "messages",
}

__all__ = [
    "AMBIGUOUS",
    "Binding",
    "Checked",
    "Column",
    "Faults",
    "Group",
    "Groups",
    "Mapping",
    "Origins",
    "Schema",
    "Unusual",
    "Validator",
    "WholeFile",
    "as_text",
    "bind",
    "compile_schema",
    "header_of",
    "load_mapping",
    "original_cells",
    "parse_mapping",
    "read_only_violation",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  # whatever the module holds under that name
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
