// The form of a visit: asks only for what the choice of place and outcome needs, and takes a position from the map.
import type * as Leaflet from "leaflet";
import { addAreas, addBasemap, addPin, ask, latLng, makeMap, type Position } from "./map/draw";
import { element, read } from "./map/page";

declare const L: typeof Leaflet;

interface Places {
  areas: { name: string; shape: GeoJSON.GeoJsonObject }[];
  sites: { id: string; number: number; at: Position }[];
}

type Text = "no_position" | "position" | "nearest" | "none_near" | "signed_out" | "no_connection";

const UNCERTAINTY_OF_A_TAP = 25;
const NEAR_M = 500;
const places = read<Places>("places");
const texts = read<Record<Text, string>>("texts");
const form = element<HTMLFormElement>("visit");
const place = element<HTMLSelectElement>("place");
const box = element("map");
const lon = element<HTMLInputElement>("lon");
const lat = element<HTMLInputElement>("lat");
const uncertainty = element<HTMLInputElement>("uncertainty_m");
const note = element("here-note");
let map: Leaflet.Map | undefined;
let pin: Leaflet.Marker | undefined;

for (const hint of document.querySelectorAll<HTMLElement>(".no-script")) hint.hidden = true;
box.hidden = false;
element("here").hidden = false;
element("nearest").hidden = places.sites.length === 0;

function show(): void {
  const elsewhere = place.value === "new" || place.value === "none";
  element("elsewhere").hidden = !elsewhere;
  element("new-place").hidden = place.value !== "new";
  const outcome = new FormData(form).get("outcome");
  const nobody = outcome === "nobody-found" || outcome === "not-reached";
  element("people-part").hidden = nobody;
  if (nobody) for (const choice of form.querySelectorAll<HTMLInputElement>("[name=people]")) choice.checked = false;
  if (elsewhere) openMap();
}

function openMap(): void {
  if (map) return;
  map = makeMap(box);
  const bounds = addAreas(map, places.areas.map((area) => area.shape)).getBounds();
  for (const site of places.sites) bounds.extend(latLng(site.at));
  if (bounds.isValid()) map.fitBounds(bounds, { padding: [16, 16], maxZoom: 17 });
  else map.setView([0, 0], 9);
  for (const site of places.sites) addPin(map, site.at, "", "later dot");
  map.on("click", ({ latlng }) => choose([latlng.lng, latlng.lat], UNCERTAINTY_OF_A_TAP));
  if (lon.value && lat.value) choose([Number(lon.value), Number(lat.value)], Number(uncertainty.value) || 25);
  addBasemap(map);
}

function choose(at: Position, metres: number): void {
  lon.value = at[0].toFixed(6);
  lat.value = at[1].toFixed(6);
  uncertainty.value = String(Math.round(Math.min(Math.max(metres, 1), 5000)));
  note.textContent = "";
  if (!map || !at.every(Number.isFinite)) return;
  pin?.remove();
  pin = addPin(map, at, "+", "now chosen");
}

element("here").addEventListener("click", () => {
  ask(
    (at, metres) => {
      choose(at, metres);
      note.textContent = texts.position;
      map?.setView(latLng(at), 17);
    },
    () => (note.textContent = texts.no_position),
  );
});

// The position is compared here, on the page; it is neither sent nor kept.
element("nearest").addEventListener("click", () => {
  const said = element("nearest-note");
  ask(
    (at) => {
      const away = places.sites.map((site) => ({ id: site.id, metres: L.latLng(latLng(at)).distanceTo(latLng(site.at)) }));
      const nearest = away.reduce((best, each) => (each.metres < best.metres ? each : best));
      if (nearest.metres > NEAR_M) {
        said.textContent = texts.none_near;
        return;
      }
      place.value = nearest.id;
      said.textContent = texts.nearest.replace("{metres}", String(Math.round(nearest.metres)));
      show();
    },
    () => (said.textContent = texts.no_position),
  );
});

form.addEventListener("change", show);
show();

// Asks first whether the server is there and still knows us: a form that is sent into nothing would be lost. The
// form's id makes a second sending the same visit.
const save = element<HTMLButtonElement>("save");
const warning = element("warning");
let checked = false;

async function obstacle(): Promise<string> {
  try {
    const answer = await fetch("/api/v1/session", { cache: "no-store" });
    return answer.status === 401 ? texts.signed_out : "";
  } catch {
    return texts.no_connection;
  }
}

form.addEventListener("submit", (event) => {
  if (checked) return;
  event.preventDefault();
  if (save.getAttribute("aria-busy") === "true") return;
  save.setAttribute("aria-busy", "true");
  void obstacle().then((words) => {
    warning.textContent = words;
    warning.hidden = words === "";
    element("sign-in-again").hidden = words !== texts.signed_out;
    if (words) {
      save.removeAttribute("aria-busy");
      return;
    }
    checked = true;
    form.requestSubmit();
  });
});
addEventListener("pageshow", () => {
  checked = false;
  save.removeAttribute("aria-busy");
});
document.getElementById("wrong")?.focus();
