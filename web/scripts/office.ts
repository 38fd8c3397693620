// The manager's home: two small maps, of what was seen in time and of where people searched.
import type * as Leaflet from "leaflet";
import { addBasemap, makeMap } from "./map/draw";
import { colour, onTheme } from "./map/look";
import { element, read } from "./map/page";

declare const L: typeof Leaflet;

type Square = [west: number, south: number, east: number, north: number, searches: number];

interface Shapes {
  areas: { name: string; share: number | null; shape: GeoJSON.GeoJsonObject }[];
  districts: GeoJSON.GeoJsonObject[];
  gaps: GeoJSON.GeoJsonObject[];
  overlaps: GeoJSON.GeoJsonObject[];
  cells: Square[];
}

const shapes = read<Shapes>("shapes");

const HEAT_FROM = [1, 2, 3, 5, 10];

// The scales of the large maps.
function shade(share: number | null): Leaflet.PathOptions {
  if (share === null) return { fillColor: colour("--ink"), fillOpacity: 0.02 };
  return { fillColor: colour(`--map-share-${Math.min(5, Math.floor(share * 5) + 1)}`), fillOpacity: 0.66 };
}

// Never rounded up to a whole.
function percent(share: number): string {
  const shown = share < 1 ? Math.min(share, 0.99) : 1;
  return new Intl.NumberFormat(document.documentElement.lang, { style: "percent" }).format(shown);
}

function hot(searches: number): string {
  return colour(`--map-scale-${HEAT_FROM.filter((from) => searches >= from).length}`);
}

function marked(name: "gap" | "overlap"): Leaflet.PathOptions {
  const tint = colour(`--map-${name}`);
  return { color: tint, weight: 2.5, dashArray: name === "gap" ? "7 5" : "1 5", fillColor: tint, fillOpacity: 0.4 };
}

function drawCoverage(): void {
  const map = makeMap(element("coverage"));
  const all = L.featureGroup();
  for (const area of shapes.areas) {
    const style = () => ({ color: colour("--ink"), weight: 1.2, opacity: 0.75, ...shade(area.share) });
    const name = document.createElement("span");
    name.textContent = area.share === null ? area.name : `${area.name}: ${percent(area.share)}`;
    const drawn = L.geoJSON(area.shape, { style }).bindTooltip(name, { sticky: true }).addTo(all);
    onTheme(() => drawn.setStyle(style()));
  }
  for (const name of ["gap", "overlap"] as const) {
    for (const shape of name === "gap" ? shapes.gaps : shapes.overlaps) {
      const drawn = L.geoJSON(shape, { style: marked(name), interactive: false }).addTo(all);
      onTheme(() => drawn.setStyle(marked(name)));
    }
  }
  fit(map, all.addTo(map).getBounds());
  addBasemap(map);
}

function drawHeat(): void {
  const map = makeMap(element("heat"));
  const renderer = L.canvas({ padding: 0.3 });
  const outlines = L.featureGroup();
  const line = () => ({ color: colour("--ink"), weight: 1, opacity: 0.55, fill: false });
  for (const district of shapes.districts) L.geoJSON(district, { style: line, interactive: false }).addTo(outlines);
  const cells = L.featureGroup();
  for (const [west, south, east, north, searches] of shapes.cells) {
    const style = () => ({ stroke: false, fillOpacity: 0.85, fillColor: hot(searches) });
    const box = L.rectangle([[south, west], [north, east]], { renderer, interactive: false, ...style() }).addTo(cells);
    onTheme(() => box.setStyle(style()));
  }
  onTheme(() => outlines.setStyle(line()));
  const around = outlines.getBounds().isValid() ? outlines : cells;
  outlines.addTo(map);
  cells.addTo(map);
  fit(map, around.getBounds());
  addBasemap(map);
}

function fit(map: Leaflet.Map, bounds: Leaflet.LatLngBounds): void {
  if (bounds.isValid()) map.fitBounds(bounds, { padding: [12, 12] });
  else map.setView([0, 0], 9);
}

drawCoverage();
drawHeat();
