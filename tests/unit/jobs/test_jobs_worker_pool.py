"""Several processes end as one run."""

import pytest

from bulk.errors import LedgerError, OutageError, UnauthorizedError
from bulk.http.writer import Ending
from bulk.jobs.workers.pool import together

DONE = Ending(completed=True)
STOPPED = Ending(completed=False)
REFUSED = Ending(completed=False, error=UnauthorizedError("who is that?", code="unauthorized"))


def away(*, reached):
    return Ending(completed=False, error=OutageError("nobody there", code="down", advice="look", reached=reached))


@pytest.mark.parametrize(
    ("ends", "completed", "error"),
    [
        ((DONE, DONE), True, None),
        ((DONE, STOPPED), False, None),
        ((STOPPED, REFUSED, DONE), False, REFUSED.error),
        ((REFUSED, away(reached=True)), False, REFUSED.error),
    ],
)
def test_all_are_done_if_each_is_and_what_came_first_is_what_it_was(ends, completed, error):
    assert together(ends, reached=False) == Ending(completed=completed, error=error)


def test_a_fault_of_one_is_raised_when_all_have_ended():
    with pytest.raises(LedgerError, match="full"):
        together((DONE, STOPPED, LedgerError("full")), reached=True)


@pytest.mark.parametrize(
    ("first_reached", "others_reached", "exit_code"),
    [(False, False, 69), (False, True, 5), (True, False, 5), (True, True, 5)],
)
def test_an_api_is_unreachable_only_if_no_process_has_reached_it(first_reached, others_reached, exit_code):
    error = together((away(reached=first_reached), STOPPED), reached=others_reached).error
    assert isinstance(error, OutageError)
    assert (error.exit_code, error.message, error.advice) == (exit_code, "nobody there", "look")
