"""Values that need no conversion: parameters make of them what typer makes of them."""

from pathlib import Path

import pytest
import typer
from typer.core import TyperOption
from typer.exceptions import TyperException
from typer.main import get_command

from bulk.cli import app
from bulk.cli.lazy_conversion import spare


def parameters():
    group = get_command(app)
    for command in (group, *group.commands.values()):
        context = typer.Context(command)
        context.resilient_parsing = True  # nobody's callback shows help or a version
        for parameter in command.get_params(context):
            yield context, parameter


def test_every_parameter_makes_of_a_value_what_typer_makes_of_it(tmp_path):
    there = tmp_path / "there"
    there.touch()
    for context, parameter in parameters():
        kind = parameter.type_descriptor.annotation
        values = [None, parameter.default() if callable(parameter.default) else parameter.default]
        values += [True, False] if kind is bool else ["7"] if kind in {int, float} else ["x", str(there)]
        values = [[value] if parameter.multiple and value is not None else value for value in values]
        before = [outcome(parameter, context, value) for value in values]
        spare([parameter])
        assert [outcome(parameter, context, value) for value in values] == before, parameter.name


def outcome(parameter, context, value):
    """What comes of a value; nothing and an empty list are the same to a command."""
    try:
        made = parameter.process_value(context, value)
    except (typer.Exit, TyperException) as error:
        return type(error), str(error)
    return None if made is None or made == () else (type(made), made)


def test_a_number_is_still_to_be_one():
    runs = get_command(app).commands["runs"]
    (limit,) = (one for one in runs.params if isinstance(one, TyperOption))
    spare([limit])
    context = typer.Context(runs)
    assert limit.process_value(context, "3") == 3
    for value in ("many", "0"):
        with pytest.raises(typer.BadParameter):
            limit.process_value(context, value)


def test_a_path_that_is_there_is_a_path():
    group = get_command(app)
    option = next(one for one in group.params if one.name == "ledger")
    spare([option])
    assert option.process_value(typer.Context(group), __file__) == Path(__file__)
