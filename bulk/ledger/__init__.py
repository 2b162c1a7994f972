"""Durable memory of what happened to every row."""

from bulk.ledger.sqlite import SqliteLedger

__all__ = ["SqliteLedger"]
