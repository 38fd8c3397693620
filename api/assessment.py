"""A data protection impact assessment, filled from the configuration that runs. What people must decide is marked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from api import credential, password, sign_in_tries
from api.anchor import FILE, read_anchors
from api.asker import Asker
from api.assessment_risk import risks
from api.database import Database
from api.key_file import FINGERPRINT
from api.settings import Settings
from geo.account import Role
from geo.inventory import Inventory, take_inventory
from geo.organisation import Organisation
from geo.organisation_key import OrganisationKey
from geo.release import Release, list_releases
from geo.release_advantage import advantage
from geo.release_series import CAP, PROFILES, WINDOW_MONTHS
from geo.retention import Kind, Rule, last_run, rules
from geo.second_factor import MUST_HAVE_ONE

TIMEOUT_S = 3600
OLD_KEY_DAYS = 400
SAFE_PATCH = {15: 150014, 16: 160010, 17: 170006}
"""The first release of each PostgreSQL that does not leak rows past policies by its statistics (CVE-2025-8713)."""

GOES = {
    Kind.VISITS: ("a visit, from its day", "deleted, with its note"),
    Kind.ALERTS: ("an alert, from its moment", "deleted, with its note and its steps"),
    Kind.PATROLS: ("a patrol, from its start", "deleted"),
    Kind.CLOSED_SITES: (
        "a place that closed, from that day",
        "name and notes deleted; the point moves to its 250 m cell",
    ),
    Kind.CHANGES: ("what a row was before a change", "deleted"),
    Kind.SESSIONS: ("a session, from its end", "deleted"),
    Kind.ACCESS_TOKENS: ("an access token, from its end", "deleted"),
}

MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|!~])")
POINT = re.compile(r"\*\*(Not decided|To mend):\*\* (.+?)(?: \||$)", re.MULTILINE)


@dataclass(frozen=True)
class Assessed:
    """All that the assessment of an organisation says of its own configuration."""

    settings: Settings
    asker: Asker
    organisation: Organisation
    inventory: Inventory
    releases: Sequence[Release]
    key: OrganisationKey | None
    anchored: bool
    rules: Sequence[Rule]
    last_run: datetime | None

    @property
    def key_age_days(self) -> int | None:
        return (datetime.now(UTC) - self.key.made_at).days if self.key else None

    @property
    def master(self) -> str | None:
        """The fingerprint of the master key that wraps the organisation's key; it gives nothing away."""
        return self.key.wrapped[:FINGERPRINT].hex() if self.key else None

    @property
    def advantage(self) -> float:
        """Over a coin, of who knows every other place and holds all releases of the window."""
        return advantage(self.inventory.paid)

    @property
    def database_is_patched(self) -> bool:
        number = int(self.inventory.connection.version)
        return number >= SAFE_PATCH.get(number // 10000, 0)


async def assess(settings: Settings, database: Database, slug: str) -> Assessed:
    """Looks at everything, and at no name or place. Raises OrganisationUnknown."""
    manager = await database.asker_of_organisation(slug)
    asker = replace(manager, roles=frozenset({Role.MANAGER, Role.STEWARD}))
    async with database.asking(asker, timeout_s=TIMEOUT_S) as session:
        organisation = await session.get_one(Organisation, asker.organisation_id)
        return Assessed(
            settings=settings,
            asker=asker,
            organisation=organisation,
            inventory=await take_inventory(session, asker.organisation_id, asker.today),
            releases=await list_releases(session, asker.organisation_id),
            key=await _key(session, asker),
            rules=await rules(session),
            last_run=await last_run(session, asker.organisation_id),
            anchored=any(head.organisation_id == organisation.id for head in read_anchors(settings.home / FILE)),
        )


async def _key(session: AsyncSession, asker: Asker) -> OrganisationKey | None:
    """The one that seals now; none where nothing was sealed yet."""
    rows = select(OrganisationKey).where(
        OrganisationKey.organisation_id == asker.organisation_id, OrganisationKey.retired_at.is_(None)
    )
    found: OrganisationKey | None = await session.scalar(rows.order_by(OrganisationKey.number.desc()).limit(1))
    return found


def written(assessed: Assessed) -> str:
    """The assessment, in Markdown. What is still open comes first."""
    body = _page("assessment", **_context(assessed))
    open_points = [(kind, what.strip()) for kind, what in POINT.findall(body)]
    head = _page(
        "assessment_open",
        assessed=assessed,
        version=version("lantern"),
        undecided=[what for kind, what in open_points if kind == "Not decided"],
        to_mend=[what for kind, what in open_points if kind == "To mend"],
    )
    return f"{head}\n{body}"


def _context(assessed: Assessed) -> dict[str, Any]:
    return {
        "assessed": assessed,
        "settings": assessed.settings,
        "inventory": assessed.inventory,
        "roles": list(Role),
        "goes": GOES,
        "must_have_one": MUST_HAVE_ONE,
        "old_key_days": OLD_KEY_DAYS,
        "session": credential,
        "password": password,
        "tries": sign_in_tries,
        "cap": CAP,
        "months": WINDOW_MONTHS,
        "profiles": PROFILES,
        "risks": risks(assessed),
    }


def plain(said: object) -> str:
    """What somebody typed, as one line that Markdown does not read anything into."""
    return MARKDOWN.sub(r"\\\1", " ".join(str(said).split()))


@cache
def _environment() -> Environment:
    # Markdown, not HTML: what was typed goes through `plain`.
    made = Environment(  # noqa: S701
        loader=PackageLoader("api", "papers"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["plain"] = plain
    return made


def _page(name: str, **context: Any) -> str:
    return _environment().get_template(f"{name}.md").render(**context)
