"""Which teams, and how they come to be and change."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from geo.change import locked, remember
from geo.log import Act, note
from geo.team import Team


async def list_teams(
    session: AsyncSession, organisation_id: UUID, *, after: UUID | None = None, limit: int = 1000
) -> list[Team]:
    rows = select(Team).where(Team.organisation_id == organisation_id)
    if after:
        rows = rows.where(Team.id > after)
    return list(await session.scalars(rows.order_by(Team.id).limit(limit)))


async def find_team(session: AsyncSession, organisation_id: UUID, team_id: UUID, lock: bool = False) -> Team | None:
    rows = select(Team).where(Team.organisation_id == organisation_id, Team.id == team_id)
    row: Team | None = await session.scalar(locked(rows) if lock else rows)
    return row


async def create_team(session: AsyncSession, organisation_id: UUID, team_id: UUID, name: str, by: UUID | None) -> Team:
    team = Team(organisation_id=organisation_id, id=team_id, name=name, updated_by=by)
    session.add(team)
    await session.flush()
    note(session, Act.CREATED, "team", [team.id])
    return team


async def rename_team(session: AsyncSession, team: Team, name: str, by: UUID | None) -> None:
    await remember(session, team, "team", by)
    team.name = name
    await session.flush()
    note(session, Act.CHANGED, "team", [team.id])
