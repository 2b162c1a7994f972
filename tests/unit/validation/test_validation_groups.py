from bulk.model import Rejection, Violation
from bulk.validation import Groups


def rejection(row, *broken):
    violations = tuple(
        Violation(row=row, column=column, rule=rule, value=f"v{row}", message=f"m{row}") for column, rule in broken
    )
    return Rejection(row=row, key=None, cells={}, violations=violations)


def test_violations_are_grouped_by_column_and_rule_the_most_frequent_first():
    groups = Groups()
    groups.add([rejection(2, ("a", "x")), rejection(3, ("a", "x"), ("b", "x"))])
    groups.add([rejection(4, ("a", "y")), rejection(5, ("b", "x")), rejection(6, ("b", "x"))])
    assert [(one.column, one.rule, one.count, one.rows) for one in groups.all()] == [
        ("b", "x", 3, [3, 5, 6]),
        ("a", "x", 2, [2, 3]),
        ("a", "y", 1, [4]),
    ]


def test_the_example_is_the_first_row():
    groups = Groups()
    groups.add([rejection(7, ("a", "x")), rejection(8, ("a", "x"))])
    assert (groups.all()[0].example.row, groups.all()[0].example.message) == (7, "m7")


def test_a_row_that_breaks_a_rule_twice_counts_once():
    groups = Groups()
    groups.add([rejection(2, ("a", "x"), ("a", "x"))])
    assert groups.all()[0].count == 1


def test_only_the_first_few_rows_are_kept_however_many_there_are():
    groups = Groups()
    groups.add(rejection(row, (None, "x")) for row in range(2, 1002))
    (group,) = groups.all()
    assert (group.count, group.rows) == (1000, [2, 3, 4, 5, 6])
