"""Who asks, and how far that reaches."""

import getpass
import os
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from geo.account import Role
from geo.log import Author


class SettingUp(StrEnum):
    """What has to be done before anything else can be: a password chosen in the place of one that somebody gave, or a
    second factor set up."""

    PASSWORD = "password"  # noqa: S105
    SECOND_FACTOR = "second-factor"


@dataclass(frozen=True)
class Asker:
    """A person of one organisation, or the command line acting for it (then without an account). `purpose` is why they
    look at exact places, where they said so. `widenings` are the ids of those that are open to them. Whoever is
    `setting_up` something can do nothing else."""

    organisation_id: UUID
    organisation_slug: str
    account_id: UUID | None
    roles: frozenset[Role]
    name: str
    locale: str
    time_zone: str
    by: Literal["session", "token", "command"] = "session"
    purpose: str | None = None
    setting_up: SettingUp | None = None
    widenings: tuple[UUID, ...] = ()

    @classmethod
    def command(
        cls, organisation_id: UUID, slug: str, time_zone: str, role: Role = Role.MANAGER, purpose: str | None = None
    ) -> "Asker":
        """The command line, run by who administers the machine: reaches what a manager (or another role) reaches."""
        name = f"command line ({_login()})"
        return cls(organisation_id, slug, None, frozenset({role}), name, "en", time_zone, "command", purpose)

    @property
    def scope(self) -> str:
        """What the policies in the database go by: organisation, areas, people, desk or none. A desk reaches what a
        widening opens to it, and nothing else."""
        if self.setting_up:
            return "none"
        if Role.MANAGER in self.roles:
            return "organisation"
        if Role.STREETWORKER in self.roles:
            return "areas"
        if Role.STEWARD in self.roles:
            return "people"
        return "desk" if Role.DESK in self.roles else "none"

    @property
    def database_role(self) -> Literal["lantern_app", "lantern_planner"]:
        """A planner and nothing else has a role that can read the schema `release` alone."""
        return "lantern_planner" if self.roles == {Role.PLANNER} else "lantern_app"

    @property
    def author(self) -> Author:
        """In whose name the log is written."""
        via = self.name if self.by == "command" else self.by
        why = [f"widening {widening}" for widening in self.widenings] + ([self.purpose] if self.purpose else [])
        return Author(self.organisation_id, self.account_id, via, ", ".join(why) or None)

    @property
    def today(self) -> date:
        """The day on the wall of the organisation."""
        return datetime.now(ZoneInfo(self.time_zone)).date()


def _login() -> str:
    """Who runs the command line, as the machine knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
