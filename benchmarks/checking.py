"""The rules of a check beside one pydantic model a row: twenty columns, one row in a hundred faulty, all faults listed.

.venv/bin/python benchmarks/checking.py        # 1,000,000 rows; pydantic judges every tenth of them
"""

import time
from collections.abc import Sequence

import polars as pl
from kit import Cost, catalog, ratio, short, tell
from pydantic import ValidationError

from bulk.connectors import find
from bulk.jobs.checker import CHUNK
from bulk.model import ROW
from bulk.validation import Validator, bind, compile_schema

FAULTY = 0.01


def ours(frames: Sequence[pl.DataFrame]) -> int:
    """Faults that the check finds."""
    _, resource = find("luminous.products")
    schema = compile_schema(resource.model)
    header = [name for name in frames[0].columns if name != ROW]
    validator = Validator(schema, bind(schema, header, keys=resource.keys))
    return sum(len(one.violations) for frame in frames for one in validator.check(frame, documents=False).bad)


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


def main() -> None:
    rows, rounds = (50_000, 1) if short() else (1_000_000, 3)
    table = catalog(rows, faulty=FAULTY).with_row_index(ROW, offset=2).cast({ROW: pl.Int64})
    frames = [table.slice(start, CHUNK).rechunk() for start in range(0, rows, CHUNK)]
    some = frames[:: 1 if short() else 10]
    before, after = [], []
    for _ in range(rounds):
        costs = []
        for judge, what in ((theirs, some), (ours, frames)):
            started, cpu = time.perf_counter(), time.process_time()
            faults, count = judge(what), sum(frame.height for frame in what)
            assert faults == count * FAULTY, (judge, faults)
            costs.append(Cost(seconds=(time.perf_counter() - started) / count, cpu=(time.process_time() - cpu) / count))
        before.append(costs[0])
        after.append(costs[1])
        print(f"  rows a second: pydantic {1 / costs[0].seconds:,.0f}, check {1 / costs[1].seconds:,.0f}", flush=True)
    wall, cpu = ratio(before, after)
    tell("rules of check beside one pydantic model a row", f"{wall:.1f} by the wall, {cpu:.1f} by CPU", "10")


if __name__ == "__main__":
    main()
