"""How much of a rate is used, and how often the API refuses, against a server that counts any window of one second.

    .venv/bin/python benchmarks/pace.py            # 20, 200 and 2,000 requests a second, twenty seconds each

Both are ratios within the run, so that a slow machine does not matter; a machine that stalls does.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from bulk.api import Order, Politeness, Session
from bulk.connectors.luminous.sandbox import luminous_api
from bulk.jobs.importer import Guards, Stop
from bulk.sandbox import Ceiling, Sandbox
from bulk.settings import Configuration

SECONDS = 20


class Pointed(Configuration):
    """The settings of a sandbox instead of the user's."""

    def __init__(self, address):
        super().__init__()
        self.address = address

    def connection(self, model, connector):
        return model(base_url=self.address, api_key="sandbox")


async def measure(rate, folder):
    source = folder / f"{rate}.csv"
    source.write_text("sku,name\n" + "".join(f"{rate}-{n},Thing {n}\n" for n in range(rate * SECONDS)))
    ceiling = Ceiling(rate)
    async with (
        Sandbox([luminous_api()], rate=ceiling) as sandbox,
        Session(
            Pointed(sandbox.url("luminous")),
            ledger=folder / "ledger.db",
            listener=lambda event: None,
            politeness=Politeness(rate=f"{rate}/s"),
        ) as session,
    ):
        run = await session.load(Order(resource="luminous.products", source=str(source)), Guards(), Stop())
    share = run.traffic.sent / run.seconds / rate
    print(f"{rate:>5}/s   {share:6.3f} of the rate   {ceiling.refusals / run.traffic.sent:8.3%} refused")


def main():
    rates = [int(word) for word in sys.argv[1:]] or [20, 50, 200]
    with tempfile.TemporaryDirectory() as folder:
        for rate in rates:
            asyncio.run(measure(rate, Path(folder)))


if __name__ == "__main__":
    main()
