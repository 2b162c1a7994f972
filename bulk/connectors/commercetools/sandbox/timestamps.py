"""Times as the API writes them."""

from datetime import UTC, datetime


def stamp(seconds: float) -> str:
    """Seconds since the epoch, in UTC with milliseconds."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
