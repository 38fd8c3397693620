// Water, parks, rail, streets and places of the own city, from our own origin or from within the file.

import type * as Leaflet from "leaflet";
import { inflate } from "./cells";
import { colour, onTheme } from "./look";

declare const L: typeof Leaflet;

type Collection = GeoJSON.FeatureCollection<GeoJSON.Geometry, { kind: string; name: string | null }>;

export interface BasemapData {
  layers: { layer: string; href?: string; packed?: string }[];
}

const BROAD = new Set(["motorway", "trunk", "primary", "secondary", "main", "ring"]);
const GROUNDS = new Set(["built-up", "industrial"]);
const BUILDINGS_FROM_ZOOM = 14;

export class Basemap extends (L.LayerGroup as unknown as { new (): Leaflet.LayerGroup }) {
  private renderer?: Leaflet.Renderer;
  private begun = false;

  constructor(readonly data: BasemapData) {
    super();
  }

  get empty(): boolean {
    return this.data.layers.length === 0;
  }

  override onAdd(map: Leaflet.Map): this {
    // Names stand above the shapes and below the pins.
    for (const [name, height] of [["basemap", "210"], ["places", "450"]] as const) {
      if (map.getPane(name)) continue;
      const pane = map.createPane(name);
      pane.style.zIndex = height;
      pane.style.pointerEvents = "none";
    }
    super.onAdd(map);
    if (!this.begun) {
      this.begun = true;
      this.renderer = L.canvas({ pane: "basemap", padding: 0.3 });
      void this.load(map);
    }
    return this;
  }

  private async load(map: Leaflet.Map): Promise<void> {
    for (const source of this.data.layers) {
      const found = await read(source).catch(() => undefined);
      if (!found) continue;
      const layer = source.layer === "place" ? places(found) : this.lines(source.layer, found, (kind) => !GROUNDS.has(kind));
      const grounds = source.layer === "building" ? this.lines("ground", found, (kind) => GROUNDS.has(kind)) : layer;
      this.addLayer(grounds);
      if (source.layer === "place") map.fire("lantern:places");
      if (source.layer === "building") {
        const show = () => (map.getZoom() >= BUILDINGS_FROM_ZOOM ? this.addLayer(layer) : this.removeLayer(layer));
        map.on("zoomend", show);
        show();
      }
    }
  }

  private lines(name: string, found: Collection, wanted: (kind: string) => boolean): Leaflet.GeoJSON {
    const look = (feature?: GeoJSON.Feature): Leaflet.PathOptions => {
      const area = feature?.geometry.type.endsWith("Polygon") ?? false;
      const tint = colour(`--map-${name}`);
      const width = name === "water" ? 2.5 : name === "rail" ? 1.4 : BROAD.has(feature?.properties?.kind) ? 2.6 : 1;
      return { color: tint, weight: area ? 0.5 : width, fill: area, fillColor: tint, fillOpacity: 1, opacity: 1,
        dashArray: name === "rail" ? "6 3" : undefined };
    };
    const layer = L.geoJSON(found, { style: look, filter: (feature) => wanted(feature.properties.kind),
      interactive: false, pane: "basemap", renderer: this.renderer,
      smoothFactor: 1.2 } as Leaflet.GeoJSONOptions);
    onTheme(() => layer.setStyle(look));
    return layer;
  }
}

async function read(source: BasemapData["layers"][number]): Promise<Collection> {
  if (source.packed) return JSON.parse(new TextDecoder().decode(await inflate(source.packed)));
  const answer = await fetch(source.href ?? "", { credentials: "same-origin" });
  if (!answer.ok) throw new Error("the basemap does not answer");
  return answer.json();
}

function places(found: Collection): Leaflet.LayerGroup {
  const markers = found.features.slice(0, 60).flatMap((feature) => {
    if (feature.geometry.type !== "Point" || !feature.properties.name) return [];
    const text = document.createElement("span");
    text.textContent = feature.properties.name;
    const [lon, lat] = feature.geometry.coordinates as [number, number];
    return [L.marker([lat, lon], { pane: "places", interactive: false, keyboard: false,
      icon: L.divIcon({ className: "map-place", html: text, iconSize: undefined }) })];
  });
  return L.layerGroup(markers);
}
