"""A table's orders and look-ups, against sorting and searching its rows anew."""

from hypothesis import given
from hypothesis import strategies as st

from bulk.sandbox import Table

IDS, VALUES, NAMES = st.integers(1, 30), st.integers(0, 4), st.sampled_from("abcdef")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), IDS, VALUES, NAMES),
        st.tuples(st.just("update"), IDS, VALUES, NAMES),
        st.tuples(st.just("remove"), IDS, VALUES, NAMES),
    ),
    max_size=40,
)


@given(STEPS, VALUES, IDS)
def test_orders_and_look_ups_are_those_of_the_rows(steps, value, id):
    table, rows = Table(unique=("name",), ordered=("at",)), {}
    for what, number, at, name in steps:
        free = all(row["name"] != name for other, row in rows.items() if other != number)
        if what == "add" and number not in rows and free:
            rows[number] = dict(table.add({"id": number, "at": at, "name": name}))
        elif what == "update" and number in rows and free:
            table.update(table.get(number), {"at": at, "name": name})
            rows[number] |= {"at": at, "name": name}
        elif what == "remove" and number in rows:
            table.remove(table.get(number))
            del rows[number]
    by_id = sorted(rows.values(), key=lambda row: row["id"])
    by_time = sorted(rows.values(), key=lambda row: (row["at"], row["id"]))
    assert (table.slice(0, None), table.slice(2, 5), len(table)) == (by_id, by_id[2:5], len(rows))
    assert list(table.after("at", (value, id))) == [row for row in by_time if (row["at"], row["id"]) > (value, id)]
    assert [table.find("name", name) for name in "abcdef"] == [
        next((row for row in rows.values() if row["name"] == name), None) for name in "abcdef"
    ]
