"""What there is to say about a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bulk.contracts import Ledger
from bulk.errors import ApiError, UnauthorizedError
from bulk.jobs.run_options import RunOptions
from bulk.model import Cause, Run


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """A run, and what there is to say about it."""

    run: Run
    """The run itself."""
    causes: Sequence[Cause]
    """Rows that were not written, by cause."""
    unchanged_since: Mapping[str, int]
    """Rows that were not sent because an earlier run wrote the same, by that run."""
    ledger: str
    """Where all of it is kept."""
    carried: tuple[int, int] = (0, 0)
    """Rows that were sent inside other rows' documents, such as variants, and how many documents these were."""

    @property
    def files(self) -> Sequence[str]:
        """Names of the files that the rows stand in."""
        return RunOptions.of(self.run).files


def not_accepted(error: UnauthorizedError) -> str:
    """Why a run ends whose credentials are of no use, and what to do about it."""
    return advised(f"the API does not accept the credentials ({error.status}: {error.message.strip(' .')})", error)


def advised(reason: str, error: ApiError) -> str:
    """Why a run ends, with what to do about it."""
    reason = reason.strip(" .")
    return reason if error.advice is None else f"{reason}. {error.advice.removesuffix('.')}"


async def report(ledger: Ledger, run: Run) -> Report:
    """Gather what there is to say about a run."""
    return Report(
        run=run,
        causes=await ledger.causes(run.id),
        unchanged_since=await ledger.unchanged_since(run.id),
        ledger=ledger.called,
        carried=await ledger.carried(run.id),
    )
