"""The kinds of things that phones send. A new noun is one entry: its body, and how it is made, as by its own route."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from api.asking import Asked
from api.body import Body
from api.site import SiteIn, deliver_site
from api.vault import Keys
from api.visit import VisitIn, deliver_visit
from geo.delivery import Delivery


@dataclass(frozen=True)
class DeliveryKind:
    """`moments` and `days` are the fields that the phone's clock gave. `hidden` is what managers do not read. A field
    `site_id`, where there is one, names the site that it is about, and `account_id` whose it is."""

    body: type[Body]
    make: Callable[[Asked, UUID, Any, Keys], Awaitable[tuple[Any, Delivery]]]
    moments: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


DELIVERY_KINDS = {
    "site": DeliveryKind(SiteIn, deliver_site, days=("first_seen_on",), hidden=("access_note",)),
    "visit": DeliveryKind(VisitIn, deliver_visit, moments=("visited_at",), hidden=("note",)),
}
