"""The crash campaign in its long form: imports, creations, deletions, retries and exports, killed hundreds of times.

    python benchmarks/campaign.py [--minutes 10] [--rows 3000] [--seed N]

Prints a table of what was done to whom and what came of it; ends with 1 if anything was lost, doubled or untrue.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import crashes
from crashes import Job, Shop, Tally, kill_and_finish

COMMERCETOOLS = "commercetools.channels"
KILLS = 12
"""Kills at random moments in the life of one run."""


def main() -> None:
    """Campaigns in turn until the time is over, then the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rows", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    wanted = parser.parse_args()
    chance, until = random.Random(wanted.seed), time.monotonic() + 60 * wanted.minutes
    print(f"seed {wanted.seed}", flush=True)
    tallies: dict[str, Tally] = {}
    faults: Counter[str] = Counter()
    while time.monotonic() < until:
        for name, campaign in CAMPAIGNS.items():
            with tempfile.TemporaryDirectory(prefix="campaign-") as folder:
                tally, met = campaign(Path(folder), wanted.rows, chance)
            tallies[name] = tallies.get(name, Tally()) + tally
            faults += met
            print(f"{name}: {tally.kills.total()} kills, {tally.faults} faults of ours", flush=True)
    print(report(tallies, faults))
    sys.exit(any(tally.faults for tally in tallies.values()))


def products(folder: Path, rows: int, chance: random.Random) -> tuple[Tally, Counter[str]]:
    """An import, from a ledger of the first version, killed at every named point and then at random."""
    source, expected_rows = crashes.catalog(folder, rows)
    expected = _clean(Job(folder=folder, source=source, ledger="clean.db"))
    crashes.old_ledger(folder / "ledger.db")
    moments = [*crashes.of_an_import()]
    anywhere = crashes.by_chance(chance, KILLS, requests=rows // KILLS, steps=600, seconds=2.0)
    moments[-2:-2] = anywhere
    shop = Shop()
    tally = kill_and_finish(
        Job(folder=folder, source=source), shop, moments, expected=expected, rows=expected_rows, exit_code=3
    )
    shop.close()
    return tally, Counter()


def several(folder: Path, rows: int, chance: random.Random) -> tuple[Tally, Counter[str]]:
    """An import by two processes, of which the one that leads is killed; what the other has under way is in doubt."""
    source, expected_rows = crashes.catalog(folder, rows // 2)
    expected = _clean(Job(folder=folder, source=source, ledger="clean.db"))
    moments = list(crashes.by_chance(chance, KILLS // 2, requests=rows // KILLS, steps=600, seconds=3.0))
    moments += crashes.of_several_processes(rows // KILLS)
    shop = Shop()
    job = Job(folder=folder, source=source, workers=2)
    tally = kill_and_finish(job, shop, moments, expected=expected, rows=expected_rows, exit_code=3)
    shop.close()
    return tally, Counter()


def hostile(folder: Path, rows: int, chance: random.Random) -> tuple[Tally, Counter[str]]:
    """The same at random moments, while one answer in ten is any of the faults that a server can have."""
    source, expected_rows = crashes.catalog(folder, rows // 2)
    expected = _clean(Job(folder=folder, source=source, ledger="clean.db"))
    shop = Shop()
    shop.ask("faults", [f"{kind}:1%" for kind in crashes.PASSING], chance.randrange(1 << 30))
    moments = list(crashes.by_chance(chance, KILLS, requests=rows // KILLS, steps=600, seconds=2.0))
    tally = kill_and_finish(
        Job(folder=folder, source=source),
        shop,
        moments,
        expected=expected,
        rows=expected_rows,
        exit_code=3,
        repeats=True,
    )
    met = shop.ask("met")
    shop.close()
    return tally, met


def channels(folder: Path, rows: int, chance: random.Random) -> tuple[Tally, Counter[str]]:
    """Creations, which must not happen twice."""
    source, expected_rows = crashes.channels(folder, rows // 10)
    job = Job(folder=folder, resource="luminous.channels", source=source)
    expected = _clean(Job(**vars(job) | {"ledger": "clean.db"}))
    moments = [*crashes.of_creations(), *crashes.by_chance(chance, KILLS, requests=rows // 50, steps=200, seconds=1.0)]
    shop = Shop()
    tally = kill_and_finish(job, shop, moments, expected=expected, rows=expected_rows, exit_code=0)
    shop.close()
    return tally, Counter()


def others(folder: Path, rows: int, chance: random.Random) -> tuple[Tally, Counter[str]]:
    """Channels of commercetools, of which every other one is updated and the others are created."""
    source, expected_rows = crashes.mixed(folder, rows // 4)
    job, project = Job(folder=folder, resource=COMMERCETOOLS, source=source), {"channels": crashes.stocked(rows // 4)}
    expected = _clean(Job(**vars(job) | {"ledger": "clean.db"}), "commercetools", **project)
    moments = [*crashes.by_chance(chance, KILLS, requests=rows // 100, steps=100, seconds=1.0)]
    moments += crashes.of_commercetools(first=12, second=14)
    shop = Shop("commercetools", **project)
    tally = kill_and_finish(job, shop, moments, expected=expected, rows=expected_rows, exit_code=0)
    tally.doubled += sum(count - 1 for count in shop.ask("log")[1].values())
    shop.close()
    return tally, Counter()


def deletions(folder: Path, rows: int, chance: random.Random) -> tuple[Tally, Counter[str]]:
    """Deletions of channels among others that stay."""
    source, expected_rows = crashes.named(folder, rows // 4)
    job = Job(folder=folder, resource=COMMERCETOOLS, operation="delete", source=source)
    project = {"channels": crashes.stocked(rows // 3)}
    expected = _clean(Job(**vars(job) | {"ledger": "clean.db"}), "commercetools", **project)
    moments = [*crashes.by_chance(chance, KILLS, requests=rows // 100, steps=100, seconds=1.0)]
    moments += crashes.of_commercetools(first=12, second=14)
    shop = Shop("commercetools", **project)
    tally = kill_and_finish(job, shop, moments, expected=expected, rows=expected_rows, exit_code=0)
    shop.close()
    return tally, Counter()


def retries(folder: Path, rows: int, chance: random.Random) -> tuple[Tally, Counter[str]]:
    """A retry of rows that have all been refused."""
    source, expected_rows = crashes.catalog(folder, rows // 3)
    expected = _clean(Job(folder=folder, source=source, ledger="clean.db"))
    shop = Shop()
    shop.ask("faults", ["409:100%"])
    crashes.run(Job(folder=folder, source=source), shop)
    shop.ask("faults", [])
    job = Job(folder=folder, operation="retry", source=crashes.latest_run(folder / "ledger.db"))
    moments = list(crashes.by_chance(chance, KILLS, requests=rows // 40, steps=300, seconds=1.0))
    failed = Counter(succeeded=expected_rows["succeeded"])
    tally = kill_and_finish(job, shop, moments, expected=expected, rows=failed, exit_code=0)
    shop.close()
    return tally, Counter()


def exports(folder: Path, rows: int, chance: random.Random) -> tuple[Tally, Counter[str]]:
    """An export: no half file, and in the end the very bytes of a clean one."""
    shop, place = Shop(products=crashes.stock(rows)), folder / "all.csv"
    crashes.run(Job(folder=folder, operation="export", source=str(folder / "clean.csv")), shop)
    clean = (folder / "clean.csv").read_bytes()
    job, tally = Job(folder=folder, operation="export", source=str(place)), Tally(rows=rows)
    anywhere = crashes.by_chance(chance, KILLS, requests=rows // 200, steps=60, seconds=1.0)
    for moment in [*anywhere, *crashes.of_an_export(), None]:
        code = crashes.run(job, shop, moment)
        tally.starts += 1
        if code == -signal.SIGKILL:
            tally.kills[moment.name] += 1
        tally.lost += place.exists() and place.read_bytes() != clean
    tally.lost += place.read_bytes() != clean
    shop.close()
    return tally, Counter()


CAMPAIGNS = {
    "imports": products,
    "imports, two processes": several,
    "imports, hostile server": hostile,
    "creations": channels,
    "imports, commercetools": others,
    "deletions": deletions,
    "retries": retries,
    "exports": exports,
}


def _clean(job: Job, api: str = "luminous", **seed: object) -> object:
    """The state in which one run without a kill leaves a shop."""
    shop = Shop(api, **seed)
    crashes.run(job, shop)
    state = shop.ask("state")
    shop.close()
    return state


def report(tallies: dict[str, Tally], faults: Counter[str]) -> str:
    """The tables of the README."""
    columns = {
        "kills": lambda tally: tally.kills.total(),
        "rows": lambda tally: tally.rows,
        "lost": lambda tally: tally.lost,
        "doubled creations": lambda tally: tally.doubled,
        "untrue statuses": lambda tally: tally.untrue,
        "sent again without need": lambda tally: tally.resent_without_need,
    }
    whole = sum(tallies.values(), Tally())
    lines = ["", f"| campaign | {' | '.join(columns)} |", f"|---|{'---:|' * len(columns)}"]
    for name, tally in {**tallies, "all": whole}.items():
        lines.append(f"| {name} | {' | '.join(f'{value(tally):,}' for value in columns.values())} |")
    lines += ["", "Kills by moment: " + ", ".join(f"{name} {count}" for name, count in whole.kills.most_common())]
    lines += [f"Faults met: {faults.total():,} ({', '.join(f'{kind} {n}' for kind, n in faults.most_common())})"]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
