"""What may go wrong on purpose, how often, and how to say so on a command line."""

import difflib
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bulk.errors import UsageError

KINDS: Final[Mapping[str, str]] = {
    "401": "401: the token is no longer good",
    "409": "409: a conflict, nothing written",
    "422": "422: refused, without saying which field, nothing written",
    "429": "429 with Retry-After in seconds",
    "429_date": "429 with Retry-After as a date",
    "429_bare": "429 without Retry-After",
    "500": "500, nothing written",
    "500_after": "500 after the write was applied",
    "502": "502 with an HTML page",
    "503": "503 with Retry-After in seconds",
    "503_date": "503 with Retry-After as a date",
    "503_absurd": "503 with a Retry-After of a year",
    "503_malformed": "503 with a Retry-After that means nothing",
    "503_bare": "503 without Retry-After",
    "504": "504 with an HTML page, although the write was applied",
    "reset_before": "the connection is reset before the write is applied",
    "reset_after": "the connection is reset after the write was applied",
    "hang": "no answer ever, nothing written",
    "hang_after": "no answer ever, although the write was applied",
    "trickle": "the answer comes a byte at a time",
    "truncated": "the connection closes in the middle of the answer's body",
    "wrong_type": "the right answer, called text/html",
    "not_object": "an answer in JSON that is no object",
    "not_json": "an answer called JSON that is none",
    "huge": "the right answer, with 100 MB behind it",
    "redirect": "302 to a login page, nothing written",
    "204": "no content, although the write was applied",
}
"""Every kind of fault, with its meaning."""

APPLIED: Final = frozenset(
    {
        "500_after",
        "504",
        "reset_after",
        "hang_after",
        "trickle",
        "truncated",
        "wrong_type",
        "not_object",
        "not_json",
        "huge",
        "204",
    }
)
"""The kinds at which the request is carried out all the same."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One kind of fault and when it strikes; of several conditions, one is enough."""

    kind: str
    """One of `KINDS`."""
    probability: float = 0.0
    """Share of requests, 0 to 1."""
    first: int = 0
    """The first so many requests."""
    at: frozenset[int] = frozenset()
    """Requests by number, the first is 1."""
    key: str | None = None
    """Only requests about this record; they are numbered by themselves."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            near = difflib.get_close_matches(self.kind, KINDS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise UsageError(f"There is no fault {self.kind!r}.{hint}", advice=f"Faults are {', '.join(KINDS)}.")
        if not 0 <= self.probability <= 1:
            raise UsageError(f"{self.probability:g} is no probability for {self.kind}: it lies between 0 and 1.")


class Faults:
    """Decides for every request what goes wrong with it. The same seed decides the same again."""

    def __init__(self, rules: Sequence[Fault] = (), *, seed: int = 0) -> None:
        self.rules = tuple(rules)
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        """Begin counting and drawing anew."""
        self._random = random.Random(self._seed)  # noqa: S311  # must be repeatable, guards nothing
        self._counts = [0] * len(self.rules)

    def choose(self, key: str | None) -> str | None:
        """The kind of fault that the next request meets; the first rule that strikes wins, every rule counts."""
        chosen: str | None = None
        for index, rule in enumerate(self.rules):
            if rule.key is not None and rule.key != key:
                continue
            self._counts[index] += 1
            count = self._counts[index]
            drawn = rule.probability > 0 and self._random.random() < rule.probability
            if chosen is None and (drawn or count <= rule.first or count in rule.at):
                chosen = rule.kind
        return chosen

    @classmethod
    def script(cls, kinds: Sequence[str | None]) -> "Faults":
        """The first request meets the first kind, and so on; None lets one through, and so does the end."""
        return cls([Fault(kind=kind, at=frozenset({n})) for n, kind in enumerate(kinds, start=1) if kind is not None])

    @classmethod
    def parse(cls, words: Sequence[str], *, seed: int = 0) -> "Faults":
        """From words such as `502:0.05`, `502:5%`, `hang:3x` (the first three) or `reset_after:@2,7`.

        Raises `UsageError`.
        """
        return cls([_parse(word) for word in words], seed=seed)


def _parse(word: str) -> Fault:
    kind, _, when = word.strip().partition(":")
    if match := re.fullmatch(r"(\d+)x", when):
        return Fault(kind=kind, first=int(match[1]))
    if re.fullmatch(r"@[1-9]\d*(,[1-9]\d*)*", when):
        return Fault(kind=kind, at=frozenset(map(int, when[1:].split(","))))
    if match := re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)(%?)", when):
        return Fault(kind=kind, probability=float(match[1]) / (100 if match[2] else 1))
    Fault(kind=kind)
    raise UsageError(
        f"{word!r} does not say how often the fault is to strike.",
        advice=f"Write {kind}:0.05 for one in twenty, {kind}:3x for the first three, {kind}:@2,7 for those two.",
    )
