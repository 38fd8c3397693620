"""Outlines of districts, for drawing."""

from dataclasses import dataclass

from shapely import from_wkb
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from geo.selection import Selection
from geo.sql import queries


@dataclass(frozen=True)
class Outline:
    """A name and a shape (EPSG:4326), simplified for drawing."""

    name: str
    shape: BaseGeometry


async def list_outlines(session: AsyncSession, selection: Selection) -> list[Outline]:
    """The districts that are valid at the end of the period."""
    rows = await session.execute(text(queries("heat")["outlines"]), selection.parameters())
    return [Outline(row.name, from_wkb(bytes(row.shape))) for row in rows]
