"""The ways through Lantern, by role."""

from dataclasses import dataclass

from api.asker import Asker
from geo.account import Role
from web.i18n import N_


@dataclass(frozen=True)
class Way:
    href: str
    label: str
    roles: frozenset[Role]


WAYS = (
    Way("/phone", N_("My area"), frozenset({Role.STREETWORKER})),
    Way("/phone/visit", N_("Log a visit"), frozenset({Role.STREETWORKER})),
    Way("/office", N_("Overview"), frozenset({Role.MANAGER})),
    Way("/maps/coverage", N_("Coverage map"), frozenset({Role.MANAGER})),
    Way("/maps/heat", N_("Heat map"), frozenset({Role.MANAGER})),
    Way("/office/releases", N_("Releases"), frozenset({Role.MANAGER})),
    Way("/import", N_("Import"), frozenset({Role.MANAGER})),
    Way("/planner", N_("Releases"), frozenset({Role.PLANNER, Role.STEWARD})),
    Way("/planner/how-to-read", N_("How to read them"), frozenset({Role.PLANNER})),
    Way("/steward", N_("Who saw what"), frozenset({Role.STEWARD})),
    Way("/steward/retention", N_("Retention"), frozenset({Role.STEWARD})),
    Way("/widenings", N_("Widenings"), frozenset({Role.STREETWORKER, Role.MANAGER, Role.DESK, Role.STEWARD})),
    Way("/law-requests", N_("Requests by law"), frozenset({Role.MANAGER, Role.STEWARD})),
    Way("/steward/erasures", N_("Erasure"), frozenset({Role.STEWARD})),
    Way("/accounts", N_("Accounts"), frozenset({Role.MANAGER, Role.STEWARD})),
    Way("/account", N_("My account"), frozenset(Role)),
)
HOMES = (
    (Role.MANAGER, "/office"),
    (Role.STREETWORKER, "/phone"),
    (Role.PLANNER, "/planner"),
    (Role.STEWARD, "/steward"),
)


def ways(asker: Asker | None) -> list[Way]:
    """What stands in the navigation of whoever asks."""
    return [way for way in WAYS if asker and not asker.setting_up and way.roles & asker.roles]


def nearest(offered: list[Way], path: str) -> Way | None:
    """The way that a page stands under: its own, or that of the page above it."""
    above = [way for way in offered if path == way.href or path.startswith(f"{way.href}/")]
    return max(above, key=lambda way: len(way.href), default=None)


def home(asker: Asker) -> str:
    """Where someone begins. A desk has only its account so far."""
    return next((path for role, path in HOMES if role in asker.roles), "/account")
