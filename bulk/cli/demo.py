"""The main job on the samples: load, mend what was refused, try again; then export, edit a price, and load that."""

import csv
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final

import bulk
from bulk.access import Politeness
from bulk.api import Session
from bulk.cli.common import Globals
from bulk.cli.json_output import print_json, report_document
from bulk.cli.progress import Watcher
from bulk.cli.screen import out, show_export, show_run
from bulk.connectors import find
from bulk.errors import SourceError
from bulk.jobs.guards import Guards, Stop
from bulk.jobs.reports import report
from bulk.jobs.results import write_rows
from bulk.model import Run, RunStatus, Status
from bulk.orders import Extract, Order
from bulk.settings import Configuration
from bulk.validation import compile_schema

RATE: Final = "100/s"

MENDED: Final = {
    ("retail_price", "1,299.00"): "1299.00",
    ("retail_price", "$12.99"): "12.99",
    ("retail_price", "12,99"): "12.99",
    ("retail_price", "1.2E+03"): "1200",
    ("upc", "84213011176"): "084213011176",
    ("sellable", "maybe"): "yes",
    ("qty_minimum", "2.5"): "3",
    ("product_weight.unit", "kg"): "lb",
}
"""What a person would write instead of some of the refused cells of the sample."""


async def demonstrate(options: Globals, watcher: Watcher, stop: Stop) -> int:
    """Run the demonstration, up to the first run that is ended early; gives its exit code."""
    samples = sample_folder() / "luminous"
    mended = Path(tempfile.mkdtemp(prefix="bulk-demo-")) / "fix.csv"
    documents: list[dict[str, Any]] = []
    exit_code = 0

    def say(text: str) -> None:
        if not options.json:
            out().print(f"\n{text}\n", style="bold", soft_wrap=True)

    async with Session(
        Configuration(options.profile),
        ledger=options.ledger,
        listener=watcher,
        politeness=Politeness(rate=RATE),
        sandbox=True,
    ) as session:
        async with aclosing(_acts(session, samples, mended, stop, say)) as acts:
            async for run in acts:
                finished = await report(session.ledger, run)
                if options.json:
                    documents.append(report_document(finished))
                elif run.instance.operation == "export":
                    show_export(options, run)
                else:
                    show_run(options, finished)
                if run.status is not RunStatus.COMPLETED or stop.event.is_set():
                    exit_code = stop.exit_code or run.exit_code or 1
                    break
        ledger = session.ledger.called
    if options.json:
        print_json({"runs": documents, "mended": str(mended), "ledger": ledger, "exit_code": exit_code})
    elif not exit_code:
        say(f"Every row is in the ledger, {ledger}. Look around with: bulk runs, bulk show last, bulk rows last")
    return exit_code


async def _acts(
    session: Session, samples: Path, mended: Path, stop: Stop, say: Callable[[str], None]
) -> AsyncGenerator[Run, None]:
    """The runs of the demonstration, one after the other."""
    catalog, faulty = _order(samples / "products.csv"), _order(samples / "products-with-faults.csv")
    say(f"1. A catalog of 200 products goes in, at no more than {RATE}.")
    yield await session.load(catalog, Guards(), stop)
    say("2. The same file again: nothing has changed, so nothing is sent.")
    yield await session.load(catalog, Guards(), stop)
    say("3. A file with one of each fault: every fault is named before anything is sent.")
    run = await session.load(faulty, Guards(), stop)
    yield run
    schema = compile_schema(find(faulty.resource)[1].model)
    rows = await write_rows(session.ledger, run, schema, str(mended), statuses=(Status.INVALID,))
    cells = _mend(mended)
    say(f"4. The {rows} refused rows, in {mended}: {cells} cells are mended, and the file is tried again.")
    yield await session.retry(run.id, Guards(), stop, mended=str(mended))
    exported = mended.with_name("all.csv")
    say(f"5. Everything comes out again, into {exported}.")
    yield await session.export(Extract(resource=catalog.resource, path=str(exported)), stop)
    _edit_price(exported)
    say("6. One price of it is edited, and the whole file goes in: one request, with nothing but that price.")
    yield await session.load(_order(exported), Guards(), stop)


def sample_folder() -> Path:
    """Where the samples lie: inside an installed package, beside a checkout's."""
    package = Path(bulk.__file__).parent
    for folder in (package / "_samples", package.parent / "samples"):
        if (folder / "luminous").is_dir():
            return folder
    raise SourceError("the samples are missing from this installation", advice="Install bulk again.")


def _order(path: Path) -> Order:
    return Order(resource="luminous.products", source=str(path))


def _mend(path: Path) -> int:
    """Do to a result file what a person would do in a spreadsheet; gives the number of cells changed."""
    rows = _rows(path)
    changed = 0
    for row in rows:
        for column, cell in row.items():
            better = MENDED.get((column, cell))
            if better is not None:
                row[column] = better
                changed += 1
    _write(path, rows)
    return changed


def _edit_price(path: Path) -> None:
    """Change one cell, as a person would do in a spreadsheet."""
    rows = _rows(path)
    rows[0]["retail_price"] = "25.5"
    _write(path, rows)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
