"""Tables where stdout is no terminal."""

from bulk.cli.tables import show_table


def test_a_row_is_a_line_however_long_and_columns_stand_below_each_other(capsys):
    show_table(("run", "what", "n"), [("a" * 150, "x" * 100, "1"), ("b", "", "2")])
    head, first, second = capsys.readouterr().out.splitlines()
    assert first == f"{'a' * 150}  {'x' * 100}  1"
    assert head.index("what") == first.index("x") == 152
    assert head.index("n", 10) == first.index("1") == second.index("2")


def test_wide_and_combining_characters_are_counted_as_they_are_shown(capsys):
    show_table(("key", "n"), [("茶碗", "1"), ("cafe\N{COMBINING ACUTE ACCENT}", "2"), ("mug", "3")])
    assert capsys.readouterr().out.splitlines() == [
        "key   n",
        "茶碗  1",
        "cafe\N{COMBINING ACUTE ACCENT}  2",
        "mug   3",
    ]


def test_what_would_break_a_line_or_steer_a_terminal_is_a_blank(capsys):
    show_table(("key",), [("a\nb\x1b[31m\rc",)])
    assert capsys.readouterr().out == "key\na b [31m c\n"


def test_nothing_is_said_in_words(capsys):
    show_table(("key",), [], empty="No run yet.")
    assert capsys.readouterr().out == "No run yet.\n"
