"""How much of a rate is used, and how often the API refuses, against a server that counts any window of one second.

    .venv/bin/python benchmarks/pace.py [20 ...]   # 20, 200 and 2,000 requests a second, for twenty seconds

Both are ratios within the run, so that a slow machine does not matter; one that stalls does, and so it is said by how
much timers of the server are late that has next to nothing to do: at the median, and at worst but for one in a hundred.
"""

import asyncio
import sys
from pathlib import Path

from kit import catalog, folder, load, short, tell, write
from stand import stand


async def measure(where: Path, rate: int, seconds: int) -> None:
    source = write(catalog(rate * seconds), where / f"{rate}.csv")
    with stand(limit=rate) as server:
        await load(server.url, source, where / f"{rate}.db", rate=f"{rate}/s")
        requests, refused, by_second = server.counts()
        whole = sorted(by_second)[1:-1] or sorted(by_second)  # in the first and the last one it began and ended
        share = sum(by_second[second] for second in whole) / len(whole) / rate
        figure = f"{share:.3f} of it, {refused / requests:.3%} refused; {server.lateness()}"
    tell(f"pace of {rate:,}/s", figure, "0.97 and 0.1%")


def main() -> None:
    rates = [int(word) for word in sys.argv[1:] if word.isdigit()] or [20, 200, 2_000]
    with folder() as where:
        for rate in rates:
            asyncio.run(measure(where, rate, 1 if short() else 20))


if __name__ == "__main__":
    main()
