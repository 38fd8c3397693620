import type * as Leaflet from "leaflet";
import { Basemap } from "./basemap";
import { colour, onTheme } from "./look";

// Leaflet is loaded as a file of its own, which the Folium maps share.
declare const L: typeof Leaflet;

export type Position = [lon: number, lat: number];

const LAYERS = ["water", "park", "building", "rail", "street", "place"];

export function makeMap(place: HTMLElement): Leaflet.Map {
  return L.map(place, { attributionControl: false, maxZoom: 19, minZoom: 6, zoomSnap: 0.25 });
}

export function latLng([lon, lat]: Position): Leaflet.LatLngTuple {
  return [lat, lon];
}

// The city's own layers, from our own origin.
export function addBasemap(map: Leaflet.Map): void {
  new Basemap({ layers: LAYERS.map((layer) => ({ layer, href: `/api/v1/basemap/${layer}` })) }).addTo(map);
}

// An outline of the work areas; what lies in them stays visible.
export function addAreas(map: Leaflet.Map, shapes: GeoJSON.GeoJsonObject[]): Leaflet.FeatureGroup {
  const style = () => ({ color: colour("--accent"), weight: 3, fillColor: colour("--accent"), fillOpacity: 0.06 });
  const group = L.featureGroup(shapes.map((shape) => L.geoJSON(shape, { style, interactive: false }))).addTo(map);
  onTheme(() => group.setStyle(style()));
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
    L.circle(latLng(at), { radius: metres, color: colour("--good"), weight: 1, fillOpacity: 0.15, interactive: false }),
    L.circleMarker(latLng(at), { radius: 8, color: colour("--surface"), fillColor: colour("--good"), fillOpacity: 1 }),
  ]);
  return shown.addTo(map);
}
