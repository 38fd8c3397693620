// What Folium's figures call: layers read from the page's data blocks, and the controls in the panel beside the map.

import type * as Leaflet from "leaflet";
import { Basemap, type BasemapData } from "./map/basemap";
import { CellLayer, type CellData } from "./map/cell_layer";
import type { Cells, Mode } from "./map/cells";
import { fromGrid, toGrid } from "./map/grid";
import { labelled, ShapeLayer, type ShapeData } from "./map/shape_layer";

declare const L: typeof Leaflet;

function data<T>(id: string): T {
  return JSON.parse(document.getElementById(id)?.textContent ?? "null") as T;
}

function element<T extends HTMLElement>(id: string): T | null {
  return document.getElementById(id) as T | null;
}

/** Fits the map to its data, puts the layers' switches into the panel, and leaves out what is empty. */
function finish(map: Leaflet.Map, control: Leaflet.Control.Layers, layers: Leaflet.Layer[], viewId: string): void {
  const view = data<{ bounds: [[number, number], [number, number]] }>(viewId);
  const shapes = layers.filter((layer): layer is ShapeLayer => layer instanceof ShapeLayer);
  const raise = () => shapes.filter((layer) => layer.above && map.hasLayer(layer)).forEach((layer) => layer.bringToFront());
  map.fitBounds(view.bounds, { padding: [12, 12], animate: false });
  for (const layer of layers) {
    if ((layer as ShapeLayer).empty) {
      map.removeLayer(layer);
      control.removeLayer(layer);
    }
  }
  const slot = element("map-layers");
  const box = control.getContainer();
  if (slot && box) slot.append(box);
  map.on("layeradd", (event) => shapes.includes(event.layer as ShapeLayer) && raise());
  raise();
  labelled(map, shapes);
  const watcher = new ResizeObserver(() => map.invalidateSize({ animate: false }));
  watcher.observe(map.getContainer());
}

/** The panel's controls over the cells: what is shown, which month, which size; and the legend that follows. */
function steer(map: Leaflet.Map, layer: CellLayer): void {
  const slider = element<HTMLInputElement>("map-step");
  const said = element<HTMLOutputElement>("map-step-said");
  const say = () => {
    if (said) said.textContent = layer.data.steps[layer.shown.step] ?? "";
    slider?.setAttribute("aria-valuetext", layer.data.steps[layer.shown.step] ?? "");
  };
  slider?.addEventListener("input", () => {
    layer.show({ step: Number(slider.value) });
    say();
  });
  for (const [id, by] of [["map-earlier", -1], ["map-later", 1]] as const) {
    element(id)?.addEventListener("click", () => {
      if (!slider) return;
      slider.value = String(Number(slider.value) + by);
      slider.dispatchEvent(new Event("input"));
    });
  }
  document.querySelectorAll<HTMLInputElement>("input[name='map-mode']").forEach((input) => {
    input.addEventListener("change", () => layer.show({ mode: input.value as Mode }));
    if (input.checked) layer.shown.mode = input.value as Mode;
  });
  const size = element<HTMLSelectElement>("map-metres");
  size?.addEventListener("change", () => layer.show({ metres: Number(size.value) }));
  layer.shown.metres = Number(size?.value ?? 0);
  if (slider) layer.shown.step = Number(slider.value);
  map.on("lantern:cells", (event) => legend(layer, (event as unknown as { cells: Cells }).cells));
  say();
  layer.show({});
}

function legend(layer: CellLayer, cells: Cells): void {
  const list = element("map-legend");
  if (!list) return;
  const { words } = layer.data;
  const starts = layer.classes(cells);
  const rate = layer.shown.mode === "rate";
  const numbers = new Intl.NumberFormat(document.documentElement.lang || "en", { style: rate ? "percent" : "decimal" });
  const shown = (start: number) => numbers.format(start);
  const rows = starts.map((start, i) => {
    const next = starts[i + 1];
    const end = next === undefined ? (rate ? 1 : undefined) : rate ? next : next - 1;
    const row = document.createElement("li");
    const swatch = document.createElement("span");
    swatch.className = `swatch scale-${i + 1}`;
    const text = end === undefined ? `${shown(start)} +` : end === start ? shown(start) : `${shown(start)} – ${shown(end)}`;
    row.append(swatch, text);
    return row;
  });
  list.replaceChildren(...rows);
  const title = element("map-legend-title");
  const size = cells.metres < 1000 ? `${cells.metres} m` : `${cells.metres / 1000} km`;
  if (title) title.textContent = `${words[layer.shown.mode]} · ${words.cell} ${size}`;
}

const Lantern = {
  shapes: (id: string) => new ShapeLayer(data<ShapeData>(id)),
  cells: (id: string) => new CellLayer(data<CellData>(id)),
  basemap: (id: string) => new Basemap(data<BasemapData>(id)),
  finish,
  steer,
  toGrid,
  fromGrid,
};

Object.assign(window, { Lantern });
