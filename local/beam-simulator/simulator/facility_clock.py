"""The time that the facility's files carry: local time in Europe/London, without a zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

FACILITY = ZoneInfo('Europe/London')


def facility_time(timestamp: float) -> datetime:
    """Whole seconds of local time for seconds since 1970."""
    return datetime.fromtimestamp(int(timestamp), FACILITY).replace(tzinfo=None)


def exposure_times(now: float, previous_end: float, longest: float) -> tuple[datetime, datetime]:
    """From when to when a run counted that ends now: up to `longest` seconds, beginning after the run before."""
    start = min(max(now - longest, previous_end + 2), now - 1)
    end = facility_time(now)
    return min(facility_time(start), end - timedelta(seconds=1)), end
