"""Values of parameters that need no conversion.

Typer has pydantic convert every value, even text to text, and what nobody gave to nothing. Loading it takes a quarter
of a second: half of the time in which a question to the ledger is to be answered.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperArgument, TyperOption


def spare(parameters: Iterable[object]) -> None:
    """Have values converted only where they need it; typer itself knows this of flags alone."""
    for parameter in parameters:
        if isinstance(parameter, TyperArgument | TyperOption):
            setattr(parameter, "process_value", _sparing(parameter))  # noqa: B010  # only this one's


def _sparing(parameter: TyperArgument | TyperOption) -> Callable[[typer.Context, Any], Any]:
    kind, convert = parameter.type_descriptor.annotation, parameter.process_value

    def process(context: typer.Context, value: Any) -> Any:  # noqa: ANN401  # typer's own
        if kind is Path and isinstance(value, str) and os.access(value, os.R_OK):
            value = Path(value)
        if (isinstance(kind, type) and isinstance(value, kind)) or (value is None and not parameter.required):
            return value if parameter.callback is None else parameter.callback(context, parameter, value)
        return convert(context, value)

    return process
