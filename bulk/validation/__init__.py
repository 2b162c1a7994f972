"""What an API takes, and which rows of a table it would take. In reading order:

- a model: `document` (how one is written), `joint_rules` (rules that join its fields), `annotations` and `schema` (from
  pydantic to flat `columns`)
- a file's header: `mapping`, `vocabulary`, `binder` (which column means what; the answer is a `binding`)
- cells to values: `coerce` (the table of conversions), `json_text`, `reader` (a frame of texts and values)
- rules as polars expressions: `cell_rules`, `joint_checks`, `rulebook` (which rows break them), `damage` (what
  spreadsheets do to cells), `messages` (what is said), `prefilter` and `prefilter_checks` (rows that are surely good)
- the verdict: `validator` (a frame into good rows and rejections, see `verdicts`), `payload` (values to JSON),
  `read_only` (columns held against what is known), `cells` (originals, kept for mending), `groups` (by rule)
- across rows: `whole_file`, `duplicates` and `hashes`, `lost_zeros`, `decimal_commas`; `origin` (recognises a row)

Names are looked up when they are asked for: models and schemas do without polars, and must stay quick to show.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bulk.validation.binder import bind, header_of
    from bulk.validation.binding import Binding
    from bulk.validation.cells import as_text, original_cells
    from bulk.validation.columns import Column, Schema
    from bulk.validation.decimal_commas import AMBIGUOUS
    from bulk.validation.groups import Group, Groups
    from bulk.validation.mapping import Mapping, load_mapping, parse_mapping
    from bulk.validation.messages import read_only_violation
    from bulk.validation.origin import Origins
    from bulk.validation.schema import compile_schema
    from bulk.validation.validator import Validator
    from bulk.validation.verdicts import Checked, Faults, Unusual
    from bulk.validation.whole_file import WholeFile

_HOMES = {
    "AMBIGUOUS": "decimal_commas",
    "Binding": "binding",
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
    "bind": "binder",
    "compile_schema": "schema",
    "header_of": "binder",
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
