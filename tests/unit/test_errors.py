"""Errors as values: they reach another process as they were raised."""

import pickle

import pytest

from bulk import errors
from bulk.errors import ApiError, BulkError, OutageError, RetryableError, SourceError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, BulkError)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_goes_from_process_to_process_as_it_is(kind):
    how = {"code": "odd"} if issubclass(kind, ApiError) else {}
    error = kind("what happened", **how)
    error.add_note("and where")
    there = pickle.loads(pickle.dumps(error))
    assert (type(there), str(there), vars(there)) == (kind, str(error), vars(error))


@pytest.mark.parametrize(
    "error",
    [
        SourceError("it is damaged", path="x.csv", line=7, advice="Mend it."),
        OutageError("nobody answers", code="unreachable", reached=False),
        RetryableError("busy", code="busy", retry_after=3.0, maybe_applied=False),
    ],
)
def test_with_all_that_it_says(error):
    there = pickle.loads(pickle.dumps(error))
    assert (str(there), vars(there), there.exit_code) == (str(error), vars(error), error.exit_code)
