"""The panel beside a map: what is shown, the numbers, the legend. The same on a page and in a file of its own."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from geo.coverage import SLIVER_KM2, Coverage
from geo.coverage_map import LEAST_EFFORTS, MOST_SITES
from geo.heat import Heat
from geo.heat_map import step_names
from geo.map_choice import Choices
from geo.selection import Selection
from geo.voice import Voice


@dataclass(frozen=True)
class Asked:
    """What was asked for, for the panel's form. `sites` asks for exact places, which `may_see_sites` allows.
    Without `action` there is no form: a file cannot be asked again."""

    selection: Selection
    choices: Choices
    action: str | None = None
    may_see_sites: bool = False
    sites: bool = False


def coverage_panel(coverage: Coverage, asked: Asked, voice: Voice) -> Markup:
    found = coverage.assignment
    drawn_gaps = [gap for gap in found.gaps if gap.km2 >= SLIVER_KM2] if found else []
    drawn_overlaps = [each for each in found.overlaps if each.km2 >= SLIVER_KM2] if found else []
    slivers = len(found.gaps) + len(found.overlaps) - len(drawn_gaps) - len(drawn_overlaps) if found else 0
    searched_share = None
    if found and found.territory_km2:
        searched_share = min(1.0, coverage.total.searched / (found.territory_km2 * 100))
    return _render(
        "coverage.html",
        asked,
        voice,
        coverage=coverage,
        assignment=found,
        gaps=drawn_gaps,
        overlaps=drawn_overlaps,
        slivers=slivers,
        sliver_m2=round(SLIVER_KM2 * 1e6),
        searched_share=searched_share,
        most_sites=MOST_SITES,
    )


def heat_panel(heat: Heat, asked: Asked, voice: Voice) -> Markup:
    names = step_names(heat.steps, voice)
    efforts, encounters = heat.efforts.tolist(), heat.encounters.tolist()
    rows = list(zip(names[1:], efforts, encounters, strict=True))
    return _render(
        "heat.html",
        asked,
        voice,
        steps=names,
        rows=rows,
        total=(sum(efforts), sum(encounters)),
        least=LEAST_EFFORTS,
        searched={metres: len(cells) for metres, cells in heat.cells.items()},
    )


def _render(template: str, asked: Asked, voice: Voice, **context: Any) -> Markup:
    page = _environment().get_template(template)
    text = page.render(
        _=voice.text,
        number=voice.number,
        percent=voice.percent,
        date=voice.date,
        asked=asked,
        selection=asked.selection,
        choices=asked.choices,
        **context,
    )
    return Markup(text)  # noqa: S704 - rendered with autoescape


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("geo", "panels"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
