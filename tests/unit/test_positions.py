"""Rows as people name them."""

import pytest

from bulk.errors import UsageError
from bulk.model import FILE_STRIDE, spans

TWO = ("a.csv", "b:c.csv")


@pytest.mark.parametrize(
    ("text", "files", "found"),
    [
        ("7", TWO[:1], [(7, 7)]),
        ("7, 10-20,", TWO[:1], [(7, 7), (10, 20)]),
        ("a.csv:7", TWO[:1], [(7, 7)]),
        ("b:c.csv:2-3,a.csv:9", TWO, [(FILE_STRIDE + 2, FILE_STRIDE + 3), (9, 9)]),
    ],
)
def test_rows_are_named_by_numbers_ranges_and_files(text, files, found):
    assert spans(text, files) == found


@pytest.mark.parametrize(
    ("text", "files", "said"),
    [
        ("seven", TWO[:1], "'seven' names no rows"),
        ("-7", TWO[:1], "names no rows"),
        (" , ", TWO[:1], "names no row"),
        ("7", TWO, "in which file"),
        ("other.csv:7", TWO, "in which file"),
        ("9" * 30, TWO[:1], "names no rows"),
    ],
)
def test_what_names_no_rows_is_wrong_usage_and_says_how_to_name_them(text, files, said):
    with pytest.raises(UsageError, match=said) as caught:
        spans(text, files)
    assert "--rows" in caught.value.advice
