"""Values and counts in sentences for people."""

from collections.abc import Sequence


def shorten(value: object, limit: int = 80) -> str:
    """Text of a value for a message: one line, no longer than `limit` characters."""
    text = " ".join(str(value).split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def listed(words: Sequence[str]) -> str:
    """Words as a person lists them: `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def many(count: int, what: str) -> str:
    """So many of something."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
