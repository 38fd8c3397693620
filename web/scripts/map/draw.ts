import type * as Leaflet from "leaflet";
import { colour, whenThemeChanges } from "./page";

// Leaflet is loaded as a file of its own, which the Folium maps share.
declare const L: typeof Leaflet;

export type Position = [lon: number, lat: number];

interface Look {
  layer: string;
  style: (kind: string) => Leaflet.PathOptions;
}

const WIDE = new Set(["motorway", "trunk", "primary", "secondary", "main"]);
const LOOKS: Look[] = [
  { layer: "water", style: () => ({ color: colour("water"), fillColor: colour("water"), weight: 2, fillOpacity: 1 }) },
  { layer: "park", style: () => ({ color: colour("park"), fillColor: colour("park"), weight: 1, fillOpacity: 1 }) },
  { layer: "building", style: () => ({ stroke: false, fillColor: colour("building"), fillOpacity: 1 }) },
  { layer: "street", style: (kind) => ({ color: colour("street"), weight: WIDE.has(kind) ? 5 : 2.5, fill: false }) },
  { layer: "rail", style: () => ({ color: colour("edge"), weight: 2, dashArray: "6 4", fill: false }) },
];

export function makeMap(place: HTMLElement): Leaflet.Map {
  const map = L.map(place, { attributionControl: false, maxZoom: 19, minZoom: 9, zoomSnap: 0.5 });
  map.createPane("basemap").style.zIndex = "200";
  return map;
}

export function latLng([lon, lat]: Position): Leaflet.LatLngTuple {
  return [lat, lon];
}

// The city's own layers, from our own origin, in the order they lie on each other. A layer that is not there is
// left out: areas and places are enough to find one's way.
export async function addBasemap(map: Leaflet.Map): Promise<void> {
  const renderer = L.canvas({ pane: "basemap", padding: 0.3 });
  const layers = await Promise.all(LOOKS.map(async ({ layer }) => fetchLayer(layer)));
  layers.forEach((features, index) => {
    const look = LOOKS[index];
    if (!features || !look) return;
    const style = (feature?: GeoJSON.Feature) => look.style(String(feature?.properties?.["kind"] ?? ""));
    const options = { style, renderer, pane: "basemap", interactive: false };
    const drawn = L.geoJSON(features, options as Leaflet.GeoJSONOptions).addTo(map);
    whenThemeChanges(() => drawn.setStyle(style));
  });
}

async function fetchLayer(layer: string): Promise<GeoJSON.FeatureCollection | null> {
  try {
    const answer = await fetch(`/api/v1/basemap/${layer}`);
    return answer.ok ? ((await answer.json()) as GeoJSON.FeatureCollection) : null;
  } catch {
    return null;
  }
}

// An outline of the work areas; what lies in them stays visible.
export function addAreas(map: Leaflet.Map, shapes: GeoJSON.GeoJsonObject[]): Leaflet.FeatureGroup {
  const style = () => ({ color: colour("accent"), weight: 3, fillColor: colour("accent"), fillOpacity: 0.06 });
  const group = L.featureGroup(shapes.map((shape) => L.geoJSON(shape, { style, interactive: false }))).addTo(map);
  whenThemeChanges(() => group.setStyle(style()));
  return group;
}

export function addPin(map: Leaflet.Map, at: Position, label: string, looks: string): Leaflet.Marker {
  const dot = document.createElement("span");
  dot.textContent = label;
  const icon = L.divIcon({ className: `pin ${looks}`, html: dot, iconSize: [44, 44] });
  return L.marker(latLng(at), { icon, keyboard: false }).addTo(map);
}

// Asks the device once, on a tap; the answer stays on the page.
export function ask(found: (at: Position, metres: number) => void, failed: () => void): void {
  if (!navigator.geolocation) {
    failed();
    return;
  }
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => found([coords.longitude, coords.latitude], coords.accuracy),
    failed,
    { enableHighAccuracy: true, timeout: 15_000, maximumAge: 10_000 },
  );
}

export function addMe(map: Leaflet.Map, at: Position, metres: number): Leaflet.FeatureGroup {
  const shown = L.featureGroup([
    L.circle(latLng(at), { radius: metres, color: colour("good"), weight: 1, fillOpacity: 0.15, interactive: false }),
    L.circleMarker(latLng(at), { radius: 8, color: colour("surface"), fillColor: colour("good"), fillOpacity: 1 }),
  ]);
  return shown.addTo(map);
}
