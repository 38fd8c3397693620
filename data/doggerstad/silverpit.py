"""Silverpit, another made-up town, for tests that nothing crosses from one organisation to the other.

It has its own manager, one area and a handful of sites, and no map; its ground lies on Doggerstad's, so that places
do not part the two.
"""

from datetime import UTC, date, datetime, timedelta

import numpy as np
from shapely import MultiPolygon, Point, Polygon, box

from data.doggerstad.identity import Identities
from data.doggerstad.projection import NATIONAL_SRID
from data.doggerstad.record import Account, Organisation, Site, SiteStatus, Team, Town, WorkArea

GROUND = box(2.29, 54.74, 2.32, 54.76)
SITES = {"doorway": (2.301, 54.748), "park": (2.306, 54.752), "boat": (2.311, 54.756), "tent": (2.296, 54.744)}


def make_silverpit(today: date | None = None) -> Town:
    """Silverpit on `today` (by default the machine's date), the same for the same day; otto manages it."""
    today = today or date.today()
    ids = Identities(np.random.default_rng(27))
    start = datetime(today.year, today.month, today.day, 9, tzinfo=UTC) - timedelta(days=300)
    organisation = Organisation(
        ids.at(start), "silverpit", "Silverpit", box(2.2, 54.7, 2.4, 54.8), NATIONAL_SRID, "Europe/London", False, start
    )
    team = Team(ids.at(start), "Night team")
    otto = Account(ids.at(start), "otto@silverpit.example", "Otto", ("manager",), team.id, "en", None)
    area = WorkArea(ids.at(start), "All of Silverpit", team.id, MultiPolygon([GROUND]), start.date(), None)
    sites = tuple(_site(ids, otto, slug, Point(at), start) for slug, at in SITES.items())
    statuses = tuple(SiteStatus(ids.at(start), site.id, "active", start, otto.id, None, None, None) for site in sites)
    nowhere = Polygon()
    return Town(organisation, (), GROUND, nowhere, nowhere, (), (team,), (otto,), (area,), (), sites, statuses, ())


def _site(ids: Identities, otto: Account, slug: str, at: Point, start: datetime) -> Site:
    return Site(
        ids.at(start), slug, "active", f"Silverpit {slug}", None, at, 25.0, 14, start.date(), otto.id, None, start,
        start, otto.id,
    )  # fmt: skip
