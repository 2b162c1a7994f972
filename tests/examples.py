"""Many examples in one test, where a test for each would cost more than what it tests."""

import functools
import inspect

import pytest

FAILURES = (Exception, pytest.fail.Exception, BaseExceptionGroup)


def every(names, examples):
    """Like `parametrize`, but the examples are tried within one test; whichever of them fail are all named.

    Fixtures are made once for all of them.
    """
    names = [names] if isinstance(names, str) else names
    examples = [one if isinstance(one, type(pytest.param())) else _example(one, names) for one in examples]
    assert examples

    def decorate(test):
        signature = inspect.signature(test)

        @functools.wraps(test)
        def run(**fixtures):
            failed = []
            for example in examples:
                try:
                    test(**fixtures, **dict(zip(names, example.values, strict=True)))
                except FAILURES as error:
                    error.add_note(f"in the example {example.id or example.values}")
                    failed.append(error)
            if failed:
                raise BaseExceptionGroup(f"{len(failed)} of {len(examples)} examples fail", failed)

        wanted = [given for name, given in signature.parameters.items() if name not in names]
        run.__signature__ = signature.replace(parameters=wanted)
        return run

    return decorate


def _example(values, names):
    return pytest.param(*((values,) if len(names) == 1 else values))
