"""Folium figures that ask nobody but us: no tiles, no inline script or style, no third party, the same ids every time.

A figure is drawn in parts: links, HTML, script. The script depends on the kind of the map and the language alone, never
on what is in it: that travels beside it, in data blocks of JSON inside the HTML. So a page carries the data, and the
script is a resource of its own that may be kept, without any place in it.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import folium
from branca.element import Element, Figure, MacroElement
from folium.map import Layer
from folium.template import Template
from markupsafe import Markup

from geo.viewport import Bounds

SCRIPTS = ("built/leaflet/leaflet.js", "built/map.js")
STYLES = ("built/leaflet/leaflet.css", "map.css")


def to_json(value: Any) -> Markup:
    """JSON for a data block of HTML: no text in it can end the block or begin a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - every sign that HTML reads was replaced above


class OwnMap(folium.Map):
    """Folium's map without what it would fetch or write inline. Files are named below web/static."""

    default_js = [(name, name) for name in SCRIPTS]  # noqa: RUF012 - Folium's name and type
    default_css = [(name, name) for name in STYLES]  # noqa: RUF012
    _template = Template(
        """
        {% macro html(this, kwargs) %}
            <div class="folium-map" id="{{ this.get_name() }}" role="application" aria-label="{{ this.label|e }}"></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}{{ this.folium_script(kwargs) }}{% endmacro %}
        """
    )

    def __init__(self, name: str, label: str) -> None:
        super().__init__(
            location=[0, 0],
            tiles=None,
            zoom_start=2,
            prefer_canvas=True,
            control_scale=True,
            minZoom=6,
            maxZoom=18,
            zoom_snap=0.5,
            attribution_control=False,
        )
        self._id = name
        self.label = label

    def folium_script(self, kwargs: dict[str, Any]) -> str:
        return str(folium.Map._template.module.script(self, kwargs))


class DataLayer(Layer):
    """A layer that one of our own Leaflet classes draws from a block of JSON.

    The block stands beside what Folium renders, never in it: Folium takes the HTML of a layer for a template and runs
    it, so that a name such as `{{ 7 * 7 }}` would be reckoned out, and a worse one would run code on the server.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = Lantern.{{ this.maker }}({{ (this.get_name() ~ "_data")|tojson }});
        {% endmacro %}
        """
    )
    maker = "shapes"

    def __init__(self, name: str, label: str, data: dict[str, Any], *, base: bool = False, show: bool = True) -> None:
        super().__init__(name=label, overlay=not base, show=show)
        self._name = "Layer"
        self._id = name
        self.json = to_json(data)


class Shapes(DataLayer):
    """Polygons and points with tooltips: `{"look": …, "shapes": […]}`, see web/scripts/map/shape_layer.ts."""


class CellSquares(DataLayer):
    """Cells of the grid, see web/scripts/map/cell_layer.ts."""

    maker = "cells"


class Basemap(DataLayer):
    """Water, streets and the like; their features come from our own origin, or within a file that stands alone."""

    maker = "basemap"


class Finish(MacroElement):
    """Fits the map to its data and hands the switches of the layers to the panel. Comes last."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            Lantern.finish({{ this._parent.get_name() }}, {{ this.control.get_name() }},
                [{% for layer in this.layers %}{{ layer.get_name() }}{{ ", " if not loop.last }}{% endfor %}],
                {{ (this.get_name() ~ "_data")|tojson }});
            {% if this.steered %}Lantern.steer({{ this._parent.get_name() }}, {{ this.steered.get_name() }});{% endif %}
        {% endmacro %}
        """
    )

    def __init__(
        self, control: folium.LayerControl, layers: list[DataLayer], bounds: Bounds, steered: DataLayer | None
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "Finish"
        self._id = "map"
        self.control = control
        self.layers = layers
        self.steered = steered
        west, south, east, north = bounds
        self.json = to_json({"bounds": [[south, west], [north, east]]})


@dataclass(frozen=True)
class Drawn:
    """The parts of a figure. `scripts` and `styles` name files below web/static; `script` is the figure's own."""

    scripts: tuple[str, ...]
    styles: tuple[str, ...]
    html: Markup
    script: str


def draw(
    name: str, label: str, layers: Iterable[DataLayer], bounds: Bounds, *, steered: DataLayer | None = None
) -> Drawn:
    """Draws layers, the lowest first, on a map that shows `bounds` (west, south, east, north in degrees)."""
    board, layers = OwnMap(name, label), list(layers)
    for layer in layers:
        board.add_child(layer)
    control = folium.LayerControl(collapsed=False)
    control._id = "layers"
    board.add_child(control)
    finish = Finish(control, layers, bounds, steered)
    board.add_child(finish)
    figure = board.get_root()
    assert isinstance(figure, Figure)
    board.render()  # type: ignore[no-untyped-call]
    return Drawn(
        tuple(file for _, file in OwnMap.default_js),
        tuple(file for _, file in OwnMap.default_css),
        Markup(_joined(figure.html)) + _blocks(layers, finish),  # noqa: S704 - ours
        _joined(figure.script),
    )


def _blocks(layers: list[DataLayer], finish: Finish) -> Markup:
    block = Markup('<script type="application/json" id="{}_data">{}</script>\n')
    blocks = [block.format(layer.get_name(), layer.json) for layer in layers]
    return Markup("").join([*blocks, block.format(finish.get_name(), finish.json)])


def _joined(part: Element) -> str:
    lines = (line.strip() for child in part._children.values() for line in child.render().splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def basemap_data(layers: Iterable[str]) -> dict[str, Any]:
    """The basemap's layers as resources of our own origin."""
    return {"layers": [{"layer": layer, "href": f"/api/v1/basemap/{layer}"} for layer in layers]}


def without_places(basemap: dict[str, Any]) -> dict[str, Any]:
    """A basemap for under districts: two names for one place would lie on each other."""
    return {"layers": [layer for layer in basemap["layers"] if layer["layer"] != "place"]}
