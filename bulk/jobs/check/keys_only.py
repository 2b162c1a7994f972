"""What a job reads of a file that only says which records are meant."""

import dataclasses
from collections.abc import Collection, Sequence
from typing import Final

from bulk.validation import Schema

KEYS_ONLY: Final = "keys only"
"""Tells the digests of keys from those of documents that happen to hold nothing else."""


def narrowed(schema: Schema, names: Collection[str], shown: Sequence[Schema], heeded: Collection[str]) -> Schema:
    """The schema of documents that only say which record is meant, and what of it is heeded."""
    named = [
        dataclasses.replace(column, within=None, expected=None) for column in schema.columns if column.name in names
    ]
    more = [column for one in shown for column in one.columns if column.name in heeded]
    return dataclasses.replace(schema, columns=(*named, *more), rules=())
