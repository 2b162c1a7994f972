"""A server with a limit of which nobody is told but by 429: what of it is used, and how much is refused.

.venv/bin/python benchmarks/hidden_limit.py [200 ...]     # requests a second; 40 seconds each
.venv/bin/python benchmarks/hidden_limit.py --headers     # the server says what is left, and Retry-After
"""

import asyncio
import sys
from pathlib import Path

from kit import catalog, folder, load, short, tell, write
from stand import stand

FIRST = 10
"""Seconds that the pace has to be found in."""


async def measure(where: Path, limit: int, seconds: int, *, headers: bool) -> None:
    source = write(catalog(limit * seconds), where / f"{limit}.csv")
    with stand(limit=limit, headers=headers, latency=0.02) as server:
        run = await load(server.url, source, where / f"{limit}.db", rate=None, in_flight=max(8, limit // 10))
        requests, refused, by_second = server.counts()
        late = server.lateness()
    assert run.totals.succeeded == limit * seconds, run
    seconds_used = sorted(by_second)[FIRST:-1]  # the last second is not whole
    used = sum(by_second[second] for second in seconds_used) / max(1, len(seconds_used)) / limit
    figure = f"{used:.3f} after {FIRST} s, {refused / requests:.2%} refused; {late}"
    tell(f"hidden limit of {limit}/s", figure, "0.90 and 2%")


def main() -> None:
    limits = [int(word) for word in sys.argv[1:] if word.isdigit()] or [50, 200]
    with folder() as where:
        for limit in limits[:1] if short() else limits:
            asyncio.run(measure(where, limit, 2 if short() else 40, headers="--headers" in sys.argv))


if __name__ == "__main__":
    main()
