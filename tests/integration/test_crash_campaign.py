"""Jobs that are killed with SIGKILL at every named point of their way and at random, and started again until done.

The short form of `benchmarks/campaign.py`. In every test: the shop is as one clean run leaves it, no row is lost, no
creation happens twice, no status is untrue, and no row is written twice that was not in flight at a kill.
"""

import hashlib
import json
import random
import signal
from collections import Counter

import crashes
import pytest
from crashes import Job, Shop, Tally, kill_and_finish

pytestmark = pytest.mark.timeout(180)  # many processes, one after the other

ROWS = 600
CHANNELS = "commercetools.channels"


@pytest.fixture
def shop():
    shops = []

    def open_shop(**seed):
        shops.append(Shop(**seed))
        return shops[-1]

    yield open_shop
    for one in shops:
        one.close()


def assert_nothing_lost(tally: Tally, kills: int):
    assert (tally.lost, tally.doubled, tally.untrue, tally.resent_without_need) == (0, 0, 0, 0), tally
    assert tally.kills.total() >= kills, tally.kills


def test_an_import_killed_at_every_named_point_ends_as_one_clean_run_would(shop, tmp_path):
    source, rows = crashes.catalog(tmp_path, ROWS)
    clean = shop()
    assert crashes.run(Job(folder=tmp_path, source=source, ledger="clean.db"), clean) == 3
    expected = clean.ask("state")
    crashes.old_ledger(tmp_path / "ledger.db")
    job, moments = Job(folder=tmp_path, source=source), list(crashes.of_an_import())
    tally = kill_and_finish(job, shop(), moments, expected=expected, rows=rows, exit_code=3)
    assert tally.kills == {moment.name: 1 for moment in moments}
    assert_nothing_lost(tally, kills=16)


def test_an_import_killed_at_random_moments_ends_as_one_clean_run_would(shop, tmp_path):
    source, rows = crashes.catalog(tmp_path, ROWS)
    clean = shop()
    crashes.run(Job(folder=tmp_path, source=source, ledger="clean.db"), clean)
    moments = list(crashes.by_chance(random.Random(1), 9, requests=ROWS // 8, steps=200))
    tally = kill_and_finish(
        Job(folder=tmp_path, source=source), shop(), moments, expected=clean.ask("state"), rows=rows, exit_code=3
    )
    assert_nothing_lost(tally, kills=7)


def test_an_import_by_two_processes_of_which_one_is_killed_ends_as_one_clean_run_would(shop, tmp_path):
    source, rows = crashes.catalog(tmp_path, 600)
    clean = shop()
    crashes.run(Job(folder=tmp_path, source=source, ledger="clean.db"), clean)
    moments = list(crashes.of_several_processes(400))[1:]
    job = Job(folder=tmp_path, source=source, workers=2, rate="250/s")
    tally = kill_and_finish(job, shop(), moments, expected=clean.ask("state"), rows=rows, exit_code=3)
    assert tally.kills == {moment.name: 1 for moment in moments}
    assert_nothing_lost(tally, kills=2)


def test_channels_are_created_once_however_often_the_import_is_killed(shop, tmp_path):
    source, rows = crashes.channels(tmp_path, 150)
    clean = shop()
    job = Job(folder=tmp_path, resource="luminous.channels", source=source)
    crashes.run(Job(**vars(job) | {"ledger": "clean.db"}), clean)
    moments = list(crashes.of_creations())
    tally = kill_and_finish(job, shop(), moments, expected=clean.ask("state"), rows=rows, exit_code=0)
    assert_nothing_lost(tally, kills=10)


def test_a_deletion_killed_at_named_points_and_at_random_deletes_what_is_named_and_nothing_else(shop, tmp_path):
    source, rows = crashes.named(tmp_path, 190)
    project = shop(api="commercetools", channels=crashes.stocked(200))
    before = project.ask("state")["channels"]
    kept = {channel["key"]: before[channel["key"]] for channel in crashes.stocked(200)[190:]}
    named = list(crashes.of_commercetools(first=12, second=14))
    moments = [*crashes.by_chance(random.Random(3), 3, requests=9, steps=60), *named]
    job = Job(folder=tmp_path, resource=CHANNELS, operation="delete", source=source)
    tally = kill_and_finish(job, project, moments, expected={"channels": kept}, rows=rows, exit_code=0)
    assert_nothing_lost(tally, kills=8)
    assert tally.kills >= Counter(moment.name for moment in named)
    _, applied = project.ask("log")
    assert applied == {("DELETE", channel["key"]): 1 for channel in crashes.stocked(190)}


def test_channels_of_commercetools_are_created_and_updated_once_however_often_the_import_is_killed(shop, tmp_path):
    source, rows = crashes.mixed(tmp_path, 150)
    job = Job(folder=tmp_path, resource=CHANNELS, source=source)
    clean, project = (shop(api="commercetools", channels=crashes.stocked(150)) for _ in range(2))
    crashes.run(Job(**vars(job) | {"ledger": "clean.db"}), clean)
    expected = clean.ask("state")
    assert len(expected["channels"]) == 225
    moments = list(crashes.of_commercetools(first=12, second=14))
    tally = kill_and_finish(job, project, moments, expected=expected, rows=rows, exit_code=0)
    assert_nothing_lost(tally, kills=6)
    assert tally.kills == {moment.name: 1 for moment in moments}
    _, applied = project.ask("log")
    assert applied == clean.ask("log")[1]  # by id and by key: nothing was written that one clean run does not write
    assert set(applied.values()) == {1}


def test_a_retry_killed_at_random_moments_sends_what_failed_and_nothing_twice(shop, tmp_path):
    source, _ = crashes.catalog(tmp_path, 300)
    clean = shop()
    crashes.run(Job(folder=tmp_path, source=source, ledger="clean.db"), clean)
    hostile = shop()
    hostile.ask("faults", ["409:100%"])
    assert crashes.run(Job(folder=tmp_path, source=source), hostile) == 3
    hostile.ask("faults", [])
    failed = Counter(succeeded=294)
    job = Job(folder=tmp_path, operation="retry", source=crashes.latest_run(tmp_path / "ledger.db"))
    moments = list(crashes.by_chance(random.Random(2), 8, requests=50, steps=120))
    tally = kill_and_finish(job, hostile, moments, expected=clean.ask("state"), rows=failed, exit_code=0)
    assert_nothing_lost(tally, kills=6)


def test_an_export_killed_at_every_named_point_leaves_no_half_file_and_ends_whole(shop, tmp_path):
    depot = shop(products=crashes.stock(600))
    place = tmp_path / "all.csv"
    assert crashes.run(Job(folder=tmp_path, operation="export", source=str(tmp_path / "clean.csv")), depot) == 0
    clean = (tmp_path / "clean.csv").read_bytes()
    job = Job(folder=tmp_path, operation="export", source=str(place))
    kills = Counter()
    for moment in crashes.of_an_export():
        kills[moment.name] += crashes.run(job, depot, moment) == -signal.SIGKILL
        manifest = tmp_path / "all.csv.manifest.json"
        assert not place.exists() or place.read_bytes() == clean
        assert not manifest.exists() or json.loads(manifest.read_bytes())["sha256"] == hashlib.sha256(clean).hexdigest()
    assert crashes.run(job, depot) == 0
    assert place.read_bytes() == clean
    assert json.loads(manifest.read_bytes())["rows"] == 600
    assert [file.name for file in tmp_path.iterdir() if file.name.endswith((".part", ".new"))] == []
    assert kills == {moment.name: 1 for moment in crashes.of_an_export()}
