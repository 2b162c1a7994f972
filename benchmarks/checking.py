"""The rules of a check beside one pydantic model a row: twenty columns, one row in a hundred faulty, all faults listed.

.venv/bin/python benchmarks/checking.py            # 1,000,000 rows; pydantic judges every tenth of them
.venv/bin/python benchmarks/checking.py --peers    # pandera and dataframely too, which the extra "bench" brings
"""

import sys
import time
from collections.abc import Sequence

import polars as pl
from checking_peers import PEERS
from kit import Cost, catalog, ratio, short, tell
from pydantic import ValidationError

from bulk.connectors import find
from bulk.jobs.check.checker import CHUNK
from bulk.model import ROW
from bulk.validation import Validator, bind, compile_schema

FAULTY = 0.01


def ours(frames: Sequence[pl.DataFrame]) -> int:
    """Faults that the check finds."""
    _, resource = find("luminous.products")
    schema = compile_schema(resource.model)
    header = [name for name in frames[0].columns if name != ROW]
    validator = Validator(schema, bind(schema, header, keys=resource.keys))
    return sum(len(one.violations) for frame in frames for one in validator.faults(frame).bad)


def theirs(frames: Sequence[pl.DataFrame]) -> int:
    """Faults that the model finds, given one row after the other."""
    _, resource = find("luminous.products")
    faults = 0
    for frame in frames:
        for row in frame.drop(ROW).iter_rows(named=True):
            document = {name: cell for name, cell in row.items() if cell is not None}
            try:
                resource.model.model_validate(document, strict=False)
            except ValidationError as error:
                faults += len(error.errors())
    return faults


def measured(judge, frames: Sequence[pl.DataFrame]) -> Cost:
    """What a row takes."""
    started, cpu = time.perf_counter(), time.process_time()
    faults, count = judge(frames), sum(frame.height for frame in frames)
    assert faults == count * FAULTY, (judge, faults)
    return Cost(seconds=(time.perf_counter() - started) / count, cpu=(time.process_time() - cpu) / count)


def main() -> None:
    rows, rounds = (50_000, 1) if short() else (1_000_000, 3)
    table = catalog(rows, faulty=FAULTY).with_row_index(ROW, offset=2).cast({ROW: pl.Int64})
    frames = [table.slice(start, CHUNK).rechunk() for start in range(0, rows, CHUNK)]
    some = frames[:: 1 if short() else 10]
    others = {"one pydantic model a row": (theirs, some, "10")}
    if "--peers" in sys.argv:
        others |= {name: (make(), frames, "1") for name, make in PEERS.items()}
    costs: dict[str, list[Cost]] = {name: [] for name in others}
    mine: dict[str, list[Cost]] = {name: [] for name in others}
    for _ in range(rounds):
        for name, (judge, what, _) in others.items():
            costs[name].append(measured(judge, what))
            mine[name].append(measured(ours, frames))
            each = 1 / costs[name][-1].seconds, 1 / mine[name][-1].seconds
            print(f"  rows a second: {name} {each[0]:,.0f}, check {each[1]:,.0f}", flush=True)
    for name, (_, _, demanded) in others.items():
        wall, cpu = ratio(costs[name], mine[name])
        tell(f"rules of check beside {name}", f"{wall:.1f} by the wall, {cpu:.1f} by CPU", demanded)


if __name__ == "__main__":
    main()
