"""How a job goes, while it goes: a progress display on a terminal, plain lines elsewhere."""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from bulk.cli.common import Globals
from bulk.model import Event, Settlement, Status

WINDOW = 10.0
"""Seconds over which the shown pace is taken."""


class Watcher:
    """A listener for people. Writes to stderr only."""

    run: str | None = None
    """The run that was started, if it came to that."""

    def __init__(self, options: Globals) -> None:
        self.files: list[str] = []
        """Names of the files that were read."""
        self._console = Console(stderr=True, highlight=False, emoji=False)
        self._quiet, self._verbose = options.quiet, options.verbose
        shown = options.progress and not options.quiet and self._console.is_terminal
        self._progress = (
            Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=30),
                TextColumn("{task.fields[detail]}", markup=False),
                console=self._console,
                transient=True,
            )
            if shown
            else None
        )
        self._task: TaskID | None = None
        self._pending = 0
        self._statuses: Counter[Status] = Counter()
        self._causes: Counter[str] = Counter()
        self._recent: list[tuple[float, int]] = []

    def __call__(self, event: Event) -> None:
        """Show an event."""
        match event.kind:
            case "source":
                self.files.append(Path(event.data["path"]).name)
                self._say(event.message)
            case "note" | "pause":
                self._say(event.message)
            case "exported":
                of = "" if event.data["total"] is None else f" of {event.data['total']:,}"
                self._advance("exporting", None, f"{event.data['rows']:,}{of} rows")
            case "pace":
                if self._verbose:
                    self._say(event.message)
            case "started":
                self.run = event.data["run"]
                if event.data["continued"]:
                    self._say(f"continuing run {event.data['run']}")
                elif self._verbose:
                    self._say(f"run {event.data['run']}")
            case "checking":
                self._advance("checking", None, f"{event.data['read']:,} rows, {event.data['invalid']:,} invalid")
            case "checked":
                self._pending = event.data["pending"]
                self._recent = [(time.monotonic(), 0)]
            case "settled":
                self._settled(event.data["settlements"])
            case "asking":
                self._step_aside()
            case "finished":
                self.close()

    def close(self) -> None:
        """Take the display away."""
        if self._progress is not None:
            self._progress.stop()

    def _step_aside(self) -> None:
        """Leave the terminal to a question; the display comes back when there is more to show."""
        if self._progress is not None and self._task is not None:
            self._progress.stop()
            self._progress.remove_task(self._task)
            self._task = None

    def _settled(self, settlements: list[Settlement]) -> None:
        for one in settlements:
            self._statuses[one.status] += 1
            if one.status in (Status.FAILED, Status.UNKNOWN):
                self._causes[one.code or one.status.value] += 1
        done, now = self._statuses.total(), time.monotonic()
        self._recent.append((now, done))
        while len(self._recent) > 2 and self._recent[0][0] < now - WINDOW:  # noqa: PLR2004  # two points make a slope
            del self._recent[0]
        (then, before), left = self._recent[0], self._pending - done
        pace = (done - before) / (now - then) if now > then else 0.0
        eta = f", {_duration(left / pace)} left" if pace and left > 0 else ""
        causes = "".join(f", {count:,} {code}" for code, count in self._causes.most_common(3))
        self._advance("loading", done, f"{done:,} of {self._pending:,} rows, {pace:,.0f}/s{eta}{causes}")

    def _advance(self, what: str, done: int | None, detail: str) -> None:
        if self._progress is None:
            return
        total = None if done is None else self._pending
        if self._task is None:
            self._progress.start()
            self._task = self._progress.add_task(what, total=total, detail=detail)
        self._progress.update(self._task, description=what, total=total, completed=done or 0, detail=detail)

    def _say(self, message: str) -> None:
        if message and not self._quiet:
            self._console.print(message, style="dim", markup=False, soft_wrap=True)


@contextmanager
def watching(options: Globals) -> Iterator[Watcher]:
    """A watcher whose display is gone at the end, whatever happens."""
    watcher = Watcher(options)
    try:
        yield watcher
    finally:
        watcher.close()
        sys.stderr.flush()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
