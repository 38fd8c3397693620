"""The words that people read for the slugs of the API."""

from types import MappingProxyType

from web.i18n import N_

OUTCOMES = MappingProxyType(
    {
        "met": N_("Met"),
        "nobody-found": N_("Nobody found"),
        "signs-of-use": N_("Signs of use"),
        "not-reached": N_("Not reached"),
        "contact-refused": N_("Contact refused"),
    }
)
BANDS = MappingProxyType(
    {"0": N_("0"), "1": N_("1"), "2-5": N_("2–5"), "6-10": N_("6–10"), "11-20": N_("11–20"), "more": N_("more")}
)
STATUSES = MappingProxyType(
    {
        "unverified": N_("unverified"),
        "active": N_("active"),
        "inactive": N_("inactive"),
        "closed": N_("closed"),
        "do-not-list": N_("do not list"),
    }
)
FORMER = N_("A former colleague")
"""As `geo.account.FORMER` says it."""
ROLES = MappingProxyType(
    {
        "streetworker": N_("streetworker"),
        "manager": N_("manager"),
        "planner": N_("planner"),
        "desk": N_("desk"),
        "steward": N_("steward"),
    }
)
