"""What a person is told on a screen of any width."""

import pytest
from rich.console import Console

from bulk.cli.screen import show_causes
from bulk.model import Cause, Entry, Status, Violation

ADVICE = "Write digits only, with a point before the decimals: 1234.50."


def shown(width):
    column = "custom_fields.Maximum Operating Temperature [°C]"
    violation = Violation(
        row=1002, column=column, rule="thousands_separator", value="1.234,5", message="no number", advice=ADVICE
    )
    entry = Entry(row=1002, key="A", status=Status.INVALID, violations=(violation,))
    cause = Cause(status=Status.INVALID, code="thousands_separator", column=column, count=12, example=entry)
    console = Console(width=width, markup=False, emoji=False)
    with console.capture() as capture:
        show_causes(console, [cause], ["a.csv"])
    return capture.get()


@pytest.mark.parametrize("width", [30, 80, 132, 200])
def test_an_example_its_row_and_its_column_can_be_read_on_a_screen_of_any_width(width):
    text = " ".join(shown(width).split())
    assert "custom_fields.Maximum Operating Temperature [°C]" in text
    assert "row 1002" in text
    assert f"'1.234,5': no number. {ADVICE}" in text


def test_it_stands_beside_the_rest_where_there_is_room():
    assert len(shown(200).splitlines()) == 2
