"""Phones whose clocks are wrong, by days at times: what they say is kept, and the right time worked out."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, TypeAdapter, ValidationError

WRONG = timedelta(minutes=10)
"""A clock that is off by less is right."""
_MOMENT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)
_DAY: TypeAdapter[date] = TypeAdapter(date)


def right_time(
    said_at: datetime, since: timedelta | None, waited: timedelta | None, received_at: datetime
) -> datetime | None:
    """When it was, where the phone's clock said something else; None where that stands.

    By the phone's monotonic clock, which nobody sets, it was `since` before it was sealed, and that was `waited` before
    it was sent. Without both, the clock of the phone is believed, but for a time that is still to come.
    """
    if since is not None and waited is not None:
        right = received_at - since - waited
        return right if abs(right - said_at) > WRONG else None
    if said_at > received_at + WRONG:
        return received_at - (since or timedelta(0))
    return None


def moved(
    body: Mapping[str, Any],
    moments: tuple[str, ...],
    days: tuple[str, ...],
    *,
    said_at: datetime,
    right: datetime,
    zone: str,
) -> dict[str, Any]:
    """A body whose moments, by the phone's clock, are moved by how far that is wrong, and its days by as many days on
    the wall. What is no moment stays, to be refused as such."""
    wall = ZoneInfo(zone)
    whole = right.astimezone(wall).date() - said_at.astimezone(wall).date()
    found = dict(body)
    with suppress(OverflowError):
        for name in moments:
            with suppress(ValidationError):
                found[name] = (_MOMENT.validate_python(body.get(name)) + (right - said_at)).isoformat()
        for name in days:
            with suppress(ValidationError):
                found[name] = (_DAY.validate_python(body.get(name)) + whole).isoformat()
    return found
