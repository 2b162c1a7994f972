"""What must be found nowhere: in no output, log, report or traceback, and on no page of a ledger."""

from pathlib import Path

NEEDLES = ("t0ken", "s3cret")
"""In every credential that a test hands to the program."""

KEPT_IN = {".toml", ".secret"}
"""Endings of files in which a test itself has written a credential."""


def leaks(folder: Path) -> list[str]:
    """Files below a folder that hold a credential, pages that are free again and journals among them."""
    return [
        str(file)
        for file in folder.rglob("*")
        if file.is_file() and file.suffix not in KEPT_IN and tells(file.read_bytes())
    ]


def tells(text: bytes | str) -> bool:
    """Whether a text holds a credential."""
    if isinstance(text, str):
        text = text.encode("utf-8", "replace")
    return any(needle.encode() in text for needle in NEEDLES)
