// The streetworker's home: my areas and the places in them, numbered as in the list.
import type * as Leaflet from "leaflet";
import { addAreas, addBasemap, addMe, addPin, ask, latLng, makeMap, type Position } from "./map/draw";
import { element, read } from "./map/page";
import { keepApart } from "./map/pins";

interface Places {
  areas: { name: string; shape: GeoJSON.GeoJsonObject }[];
  sites: { id: string; number: number; name: string; at: Position; late: number }[];
  alerts?: Position[];
}

const places = read<Places>("places");
const texts = read<{ no_position: string }>("texts");
const map = makeMap(element("map"));
const areas = addAreas(map, places.areas.map((area) => area.shape));
const bounds = areas.getBounds();

const pins = places.sites.map((site) => {
  const looks = site.late > 0 ? "late" : site.late === 0 ? "now" : "later";
  bounds.extend(latLng(site.at));
  return { due: looks !== "later", marker: addPin(map, site.at, String(site.number), looks)
    .on("click", () => goTo(site.id)).bindTooltip(text(`${site.number}. \u2068${site.name}\u2069`)) };
});
for (const at of places.alerts ?? []) {
  bounds.extend(latLng(at));
  addPin(map, at, "!", "alert").setZIndexOffset(1000);
}
if (bounds.isValid()) map.fitBounds(bounds, { padding: [24, 24], maxZoom: 17 });
else map.setView([0, 0], 9);
keepApart(map, pins);
addBasemap(map);

function text(name: string): HTMLElement {
  const shown = document.createElement("span");
  shown.textContent = name;
  return shown;
}

function goTo(id: string): void {
  const entry = document.getElementById(`site-${id}`);
  const fold = entry?.closest("details");
  if (fold) fold.open = true;
  entry?.focus({ preventScroll: true });
  entry?.scrollIntoView({ block: "center" });
}

const button = element<HTMLButtonElement>("where");
const note = element("where-note");
let me: Leaflet.FeatureGroup | undefined;
button.hidden = false;
button.addEventListener("click", () => {
  ask(
    (at, metres) => {
      me?.remove();
      me = addMe(map, at, metres);
      note.textContent = "";
      map.setView(latLng(at), Math.max(map.getZoom(), 16));
    },
    () => (note.textContent = texts.no_position),
  );
});
