// The manager's home: two small maps, of what was seen in time and of where people searched.
import type * as Leaflet from "leaflet";
import { addBasemap, makeMap } from "./map/draw";
import { colour, element, read, whenThemeChanges } from "./map/page";

declare const L: typeof Leaflet;

type Square = [west: number, south: number, east: number, north: number, searches: number];

interface Shapes {
  areas: { name: string; share: number | null; shape: GeoJSON.GeoJsonObject }[];
  districts: GeoJSON.GeoJsonObject[];
  gaps: GeoJSON.GeoJsonObject[];
  cells: Square[];
}

const shapes = read<Shapes>("shapes");

function shade(share: number | null): string {
  if (share === null) return colour("raised");
  return colour(share >= 0.8 ? "shade-three" : share >= 0.5 ? "shade-two" : "shade-one");
}

function drawCoverage(): void {
  const map = makeMap(element("coverage"));
  const all = L.featureGroup();
  for (const area of shapes.areas) {
    const style = () => ({ color: colour("ink"), weight: 1.5, fillColor: shade(area.share), fillOpacity: 0.75 });
    const name = document.createElement("span");
    name.textContent = area.share === null ? area.name : `${area.name}: ${Math.round(area.share * 100)} %`;
    const drawn = L.geoJSON(area.shape, { style }).bindTooltip(name, { sticky: true }).addTo(all);
    whenThemeChanges(() => drawn.setStyle(style()));
  }
  for (const gap of shapes.gaps) {
    const style = () => ({ color: colour("late"), weight: 3, dashArray: "6 5", fillColor: colour("late"), fillOpacity: 0.2 });
    const drawn = L.geoJSON(gap, { style, interactive: false }).addTo(all);
    whenThemeChanges(() => drawn.setStyle(style()));
  }
  fit(map, all.addTo(map).getBounds());
  void addBasemap(map);
}

function drawHeat(): void {
  const map = makeMap(element("heat"));
  const renderer = L.canvas({ padding: 0.3 });
  const outlines = L.featureGroup();
  const line = () => ({ color: colour("edge"), weight: 1.5, fill: false });
  for (const district of shapes.districts) L.geoJSON(district, { style: line, interactive: false }).addTo(outlines);
  const cells = L.featureGroup();
  for (const [west, south, east, north, searches] of shapes.cells) {
    const style = () => ({
      stroke: false,
      fillOpacity: 0.85,
      fillColor: colour(searches >= 5 ? "heat-many" : searches >= 2 ? "heat-more" : "heat-few"),
    });
    const box = L.rectangle([[south, west], [north, east]], { renderer, interactive: false, ...style() }).addTo(cells);
    whenThemeChanges(() => box.setStyle(style()));
  }
  whenThemeChanges(() => outlines.setStyle(line()));
  const around = outlines.getBounds().isValid() ? outlines : cells;
  outlines.addTo(map);
  cells.addTo(map);
  fit(map, around.getBounds());
  void addBasemap(map);
}

function fit(map: Leaflet.Map, bounds: Leaflet.LatLngBounds): void {
  if (bounds.isValid()) map.fitBounds(bounds, { padding: [12, 12] });
  else map.setView([0, 0], 9);
}

drawCoverage();
drawHeat();
