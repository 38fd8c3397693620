// Shapes with a tooltip and, where there is room, a label: districts, work areas, gaps, overlaps, sites.

import type * as Leaflet from "leaflet";
import { tip } from "./cell_layer";
import { colour, onTheme } from "./look";

declare const L: typeof Leaflet;

export interface Shape {
  /** Polygons of rings of [lon, lat, Δlon, Δlat, …] in 1e-5 degrees. */
  polygons?: number[][][];
  /** lon, lat in degrees. */
  point?: [number, number];
  title: string;
  lines: string[];
  label?: string;
  /** 1 to 5, or 0 for no value. */
  class?: number;
}

export interface ShapeData {
  look: "share" | "count" | "area" | "other" | "district" | "gap" | "overlap" | "site";
  shapes: Shape[];
}

const LABELS_FROM_ZOOM = 10;
const MOST_LABELS = 120;

function style(look: ShapeData["look"], shape: Shape): Leaflet.PathOptions {
  const ink = colour("--ink");
  switch (look) {
    case "share":
      return shape.class
        ? { color: ink, weight: 1.2, opacity: 0.75, fillColor: colour(`--map-share-${shape.class}`), fillOpacity: 0.66 }
        : { color: ink, weight: 1.2, opacity: 0.75, dashArray: "2 5", fillColor: ink, fillOpacity: 0.02 };
    case "count":
      return shape.class
        ? { color: ink, weight: 0.8, opacity: 0.6, fillColor: colour(`--count-${shape.class}`), fillOpacity: 0.75 }
        : { color: colour("--quiet"), weight: 0.8, opacity: 0.6, dashArray: "2 4", fillColor: colour("--quiet"), fillOpacity: 0.12 };
    case "area":
      return { color: ink, weight: 1.6, opacity: 0.85, fillColor: colour("--map-area"), fillOpacity: 0.35 };
    case "other":
      return { color: colour("--quiet"), weight: 1, opacity: 0.7, dashArray: "2 4", fillColor: colour("--quiet"), fillOpacity: 0.2 };
    case "district":
      return { color: ink, weight: 1, opacity: 0.55, fillOpacity: 0, interactive: false };
    case "gap":
      return { color: colour("--map-gap"), weight: 2.5, dashArray: "7 5", fillColor: colour("--map-gap"), fillOpacity: 0.4 };
    case "overlap":
      return { color: colour("--map-overlap"), weight: 2.5, dashArray: "1 5", lineCap: "round",
        fillColor: colour("--map-overlap"), fillOpacity: 0.5 };
    case "site":
      return { color: colour("--surface"), weight: 1.5, fillColor: colour("--late"), fillOpacity: 1 };
  }
}

export class ShapeLayer extends (L.FeatureGroup as unknown as { new (): Leaflet.FeatureGroup }) {
  constructor(readonly data: ShapeData) {
    super();
    for (const shape of data.shapes) {
      const path = shape.point
        ? L.circleMarker([shape.point[1], shape.point[0]], { radius: 6, ...style(data.look, shape) })
        : L.polygon((shape.polygons ?? []).map((rings) => rings.map(readRing)), {
            smoothFactor: 0.6, ...style(data.look, shape) });
      if (data.look !== "district") path.bindTooltip(() => tip(shape.title, shape.lines), { sticky: true, className: "map-tip" });
      this.addLayer(path);
    }
    onTheme(() => this.getLayers().forEach((path, i) => (path as Leaflet.Path).setStyle(style(data.look, data.shapes[i]!))));
  }

  get empty(): boolean {
    return this.data.shapes.length === 0;
  }

  get above(): boolean {
    return this.data.look === "gap" || this.data.look === "overlap" || this.data.look === "site";
  }
}

function readRing(moves: number[]): [number, number][] {
  const ring: [number, number][] = [];
  let [lon, lat] = [0, 0];
  for (let i = 0; i < moves.length; i += 2) {
    lon += moves[i]!;
    lat += moves[i + 1]!;
    ring.push([lat * 1e-5, lon * 1e-5]);
  }
  return ring;
}

/** Names on the map, for the layers that are on it, from the zoom at which they have room. */
export function labelled(map: Leaflet.Map, layers: ShapeLayer[]): void {
  const names = L.layerGroup().addTo(map);
  const pane = map.createPane("names");
  pane.style.zIndex = "620";
  pane.style.pointerEvents = "none";
  const place = () => {
    names.clearLayers();
    if (map.getZoom() < LABELS_FROM_ZOOM) return;
    const layer = layers.findLast((each) => map.hasLayer(each) && each.data.shapes.some((shape) => shape.label));
    if (!layer) return;
    const taken: Leaflet.Bounds[] = [];
    layer.getLayers().forEach((path, i) => {
      const label = layer.data.shapes[i]!.label;
      const bounds = (path as Leaflet.Polygon).getBounds();
      if (!label || !bounds.isValid() || !map.getBounds().intersects(bounds) || taken.length >= MOST_LABELS) return;
      const centre = (path as Leaflet.Polygon).getCenter();
      const at = map.latLngToContainerPoint(centre);
      const wide = Math.max(...label.split("\n").map((line) => line.length)) * 3.6;
      const box = L.bounds(at.subtract([wide, 16]), at.add([wide, 16]));
      const room = map.latLngToContainerPoint(bounds.getSouthEast()).x - map.latLngToContainerPoint(bounds.getNorthWest()).x;
      if (room < wide || taken.some((other) => other.intersects(box))) return;
      taken.push(box);
      const text = document.createElement("span");
      text.textContent = label;
      L.marker(centre, { pane: "names", interactive: false, keyboard: false,
        icon: L.divIcon({ className: "map-name", html: text, iconSize: undefined }) }).addTo(names);
    });
  };
  const settle = () => {
    place();
    keepClear(map);
  };
  map.on("lantern:places", () => keepClear(map));
  map.on("zoomend moveend layeradd layerremove", (event) => {
    if (!("layer" in event) || layers.includes(event.layer as ShapeLayer)) settle();
  });
  settle();
}

/** The basemap's place names make room for labels and for each other: lower, higher, or else not shown. */
function keepClear(map: Leaflet.Map): void {
  const taken = [...(map.getPane("names")?.querySelectorAll("span") ?? [])].map((text) => text.getBoundingClientRect());
  for (const place of map.getPane("places")?.querySelectorAll<HTMLElement>(".map-place") ?? []) {
    const text = place.firstElementChild as HTMLElement;
    for (const way of ["", "below", "above", "away"]) {
      place.className = place.className.replace(/ (below|above|away)\b/, "") + (way && ` ${way}`);
      const box = text.getBoundingClientRect();
      if (taken.some((other) => meet(other, box))) continue;
      taken.push(box);
      break;
    }
  }
}

function meet(one: DOMRect, other: DOMRect): boolean {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}
