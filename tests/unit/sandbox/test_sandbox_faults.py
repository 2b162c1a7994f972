import pytest

from bulk.errors import UsageError
from bulk.sandbox import KINDS, Fault, Faults
from bulk.sandbox.faults import APPLIED


def chosen(faults, count, key=None):
    return [faults.choose(key) for _ in range(count)]


def test_none_by_default():
    assert chosen(Faults(), 3) == [None] * 3


def test_first_strikes_so_many_times():
    assert chosen(Faults([Fault(kind="502", first=2)]), 4) == ["502", "502", None, None]


def test_at_strikes_requests_by_number():
    assert chosen(Faults([Fault(kind="hang", at=frozenset({2, 4}))]), 5) == [None, "hang", None, "hang", None]


def test_script_plays_in_order_and_then_stops():
    assert chosen(Faults.script(["429", None, "reset_after"]), 4) == ["429", None, "reset_after", None]


def test_a_fault_bound_to_a_record_counts_only_its_requests():
    faults = Faults([Fault(kind="500", first=1, key="A")])
    assert [faults.choose(key) for key in ("B", "A", "A", None)] == [None, "500", None, None]


def test_probability_strikes_about_as_often_as_asked():
    struck = sum(kind is not None for kind in chosen(Faults([Fault(kind="500", probability=0.25)]), 4_000))
    assert 900 < struck < 1_100


def test_the_same_seed_decides_the_same_and_another_does_not():
    def play(seed):
        return chosen(Faults([Fault(kind="500", probability=0.5)], seed=seed), 50)

    assert play(1) == play(1) != play(2)


def test_reset_begins_anew():
    faults = Faults([Fault(kind="500", probability=0.5), Fault(kind="502", first=1)])
    before = chosen(faults, 20)
    faults.reset()
    assert chosen(faults, 20) == before


@pytest.mark.parametrize(
    ("word", "fault"),
    [
        ("502:0.05", Fault(kind="502", probability=0.05)),
        ("502:5%", Fault(kind="502", probability=0.05)),
        ("hang:1", Fault(kind="hang", probability=1.0)),
        ("reset_after:3x", Fault(kind="reset_after", first=3)),
        ("204:@2,7", Fault(kind="204", at=frozenset({2, 7}))),
    ],
)
def test_parse_understands(word, fault):
    assert Faults.parse([word]).rules == (fault,)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("502", "how often"),
        ("502:", "how often"),
        ("502:often", "how often"),
        ("502:@0", "how often"),
        ("502:-1", "how often"),
        ("502:nan", "how often"),
        ("502:1.5", "no probability"),
        ("502:150%", "no probability"),
        ("reset_afer:0.1", "Did you mean reset_after"),
        ("reset_afer", "Did you mean reset_after"),
        ("", "no fault ''"),
    ],
)
def test_parse_says_what_is_wrong(word, message):
    with pytest.raises(UsageError, match=message):
        Faults.parse([word])


def test_every_applied_kind_is_a_kind():
    assert set(KINDS) > APPLIED
