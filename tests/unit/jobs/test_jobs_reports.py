from bulk.errors import UnauthorizedError
from bulk.jobs.reports import not_accepted


def test_a_run_that_ends_for_its_credentials_says_what_the_api_said_and_what_to_do():
    error = UnauthorizedError(
        "scope manage:x is missing.", code="insufficient_scope", status=403, advice="Give them that right."
    )
    told = "the API does not accept the credentials (403: scope manage:x is missing). Give them that right"
    assert not_accepted(error) == told


def test_without_advice_there_is_nothing_to_add():
    error = UnauthorizedError("No", code="unauthorized", status=401)
    assert not_accepted(error) == "the API does not accept the credentials (401: No)"
