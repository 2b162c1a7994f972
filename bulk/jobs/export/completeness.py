"""Whether a listing is whole although its records came and went while it was walked through.

The rule: it is whole when as many different records have come as any page ever spoke of; or, since a record that was
deleted for good never comes, when a walk from beginning to end, all of whose pages said the same total, gave just so
many different records, every one of which had come before.
"""

from collections.abc import Sequence


class Confirmation:
    """What one walk from beginning to end shows, having begun after so many lines had been laid aside."""

    def __init__(self, lines: int) -> None:
        self._given = bytearray(lines)
        self._different = 0
        self._nothing_new = True
        self._totals: set[int | None] = set()

    def note(self, total: int | None, before: Sequence[int | None]) -> None:
        """Take notice of a page: the total that it said, and where each of its records had stood before, if it had."""
        self._totals.add(total)
        for line in before:
            if line is None:
                self._nothing_new = False
            elif line < len(self._given) and not self._given[line]:
                self._given[line] = True
                self._different += 1

    @property
    def holds(self) -> bool:
        """Whether nothing is missing but what was deleted."""
        return self._nothing_new and self._totals == {self._different}
