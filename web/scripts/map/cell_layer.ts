// Cells drawn on one canvas, with a tooltip for the one under the pointer. What is shown changes without a new request.

import type * as Leaflet from "leaflet";
import { breaks, Cells, type Mode, type PackedCells } from "./cells";
import { cellOf } from "./grid";
import { colour, onTheme, type Words } from "./look";

declare const L: typeof Leaflet;

export interface CellData {
  levels: PackedCells[];
  /** Efforts below which no rate is shown. */
  least: number;
  /** "heat" shades by a count, "effort" tells found from searched in vain. */
  look: "heat" | "effort";
  steps: string[];
  words: Words;
}

export interface Shown {
  mode: Mode;
  step: number;
  metres: number;
}

const PADDING = 0.25;
const RATES = [0, 0.2, 0.4, 0.6, 0.8];

export class CellLayer extends (L.Layer as unknown as { new (): Leaflet.Layer }) {
  shown: Shown = { mode: "efforts", step: 0, metres: 0 };
  ready: Promise<void>;
  private levels = new Map<number, Cells>();
  private worlds = new Map<number, Float64Array>();
  private steps = new Map<string, number[]>();
  private canvas = document.createElement("canvas");
  private tooltip = L.tooltip({ sticky: true, className: "map-tip" } as Leaflet.TooltipOptions);
  private map?: Leaflet.Map;

  constructor(readonly data: CellData) {
    super();
    this.canvas.className = "map-cells leaflet-zoom-hide";
    this.ready = this.read();
    onTheme(() => this.draw());
  }

  get empty(): boolean {
    return !this.data.levels.some((level) => level.cells > 0);
  }

  override onAdd(map: Leaflet.Map): this {
    this.map = map;
    const pane = map.getPane("cells") ?? map.createPane("cells");
    pane.style.zIndex = "350";
    pane.style.pointerEvents = "none";
    pane.append(this.canvas);
    map.on("moveend viewreset resize", this.draw, this);
    map.on("mousemove", this.point, this);
    map.on("click", this.point, this);
    map.on("mouseout", this.leave, this);
    this.draw();
    return this;
  }

  override onRemove(map: Leaflet.Map): this {
    this.canvas.remove();
    this.leave();
    map.off("moveend viewreset resize", this.draw, this);
    map.off("mousemove", this.point, this);
    map.off("click", this.point, this);
    map.off("mouseout", this.leave, this);
    return this;
  }

  show(change: Partial<Shown>): void {
    Object.assign(this.shown, change);
    this.leave();
    this.draw();
  }

  /** The level in metres that is drawn: as asked, else by zoom, so that a cell is some pixels wide. */
  level(): Cells | undefined {
    const sizes = [...this.levels.keys()].sort((a, b) => a - b);
    const zoom = this.map?.getZoom() ?? 12;
    const wanted = this.shown.metres || (zoom >= 13 ? 100 : zoom >= 11 ? 250 : 1000);
    return this.levels.get(sizes.find((size) => size >= wanted) ?? sizes.at(-1) ?? 0);
  }

  /** Where the classes begin. The same for every month, so that months compare. */
  classes(cells: Cells): number[] {
    const { mode, step } = this.shown;
    if (mode === "rate") return RATES;
    const key = `${cells.metres} ${mode} ${step > 0}`;
    let found = this.steps.get(key);
    if (!found) {
      const values: number[] = [];
      const last = step > 0 ? cells.steps : 0;
      for (let at = step > 0 ? 1 : 0; at <= last; at++) {
        for (let i = 0; i < cells.numbers.length; i++) values.push(cells.value(mode, i, at, this.data.least));
      }
      found = breaks(values);
      this.steps.set(key, found);
    }
    return found;
  }

  private async read(): Promise<void> {
    for (const packed of this.data.levels) this.levels.set(packed.metres, await Cells.read(packed));
    this.draw();
  }

  private draw(): void {
    const map = this.map;
    const cells = this.level();
    if (!map?.hasLayer(this) || !cells) return;
    const size = map.getSize();
    const margin = size.multiplyBy(PADDING).round();
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [size.x + 2 * margin.x, size.y + 2 * margin.y];
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    L.DomUtil.setPosition(this.canvas, map.containerPointToLayerPoint(margin.multiplyBy(-1)));
    const context = this.canvas.getContext("2d");
    if (!context) return;
    context.scale(ratio, ratio);
    this.paint(context, cells, map.getPixelBounds().min!.subtract(margin), width, height);
    map.fire("lantern:cells", { cells });
  }

  private paint(context: CanvasRenderingContext2D, cells: Cells, origin: Leaflet.Point, width: number, height: number) {
    const scale = 2 ** this.map!.getZoom();
    const world = this.world(cells);
    const paths = new Map<string, Path2D>();
    for (let i = 0; i < cells.numbers.length; i++) {
      const x = world[i * 8]! * scale - origin.x;
      const y = world[i * 8 + 1]! * scale - origin.y;
      if (x < -200 || y < -200 || x > width + 200 || y > height + 200) continue;
      const name = this.colourName(cells, i);
      if (!name) continue;
      let path = paths.get(name);
      if (!path) paths.set(name, (path = new Path2D()));
      path.moveTo(x, y);
      for (let corner = 1; corner < 4; corner++) {
        path.lineTo(world[i * 8 + corner * 2]! * scale - origin.x, world[i * 8 + corner * 2 + 1]! * scale - origin.y);
      }
      path.closePath();
    }
    context.globalAlpha = 0.86;
    for (const [name, path] of paths) {
      context.fillStyle = colour(name);
      context.fill(path);
    }
  }

  private colourName(cells: Cells, index: number): string | undefined {
    if (this.data.look === "effort") {
      return cells.count("encounters", index, 0) > 0 ? "--map-found" : "--map-searched";
    }
    const value = cells.value(this.shown.mode, index, this.shown.step, this.data.least);
    if (Number.isNaN(value)) return undefined;
    const at = this.classes(cells).filter((start) => value >= start).length;
    return `--map-scale-${Math.max(at, 1)}`;
  }

  /** Corners at zoom 0: eight numbers a cell. */
  private world(cells: Cells): Float64Array {
    let found = this.worlds.get(cells.metres);
    if (!found) {
      found = new Float64Array(cells.numbers.length * 8);
      for (let i = 0; i < cells.numbers.length; i++) {
        cells.corners(i).forEach(([lon, lat], corner) => {
          const point = L.CRS.EPSG3857.latLngToPoint(L.latLng(lat, lon), 0);
          found!.set([point.x, point.y], i * 8 + corner * 2);
        });
      }
      this.worlds.set(cells.metres, found);
    }
    return found;
  }

  private point(event: Leaflet.LeafletMouseEvent): void {
    const cells = this.level();
    const index = cells?.place.get(cellOf(event.latlng.lng, event.latlng.lat, cells.metres));
    if (!cells || index === undefined || !this.colourName(cells, index)) return this.leave();
    this.tooltip.setLatLng(event.latlng).setContent(this.describe(cells, index));
    this.map?.openTooltip(this.tooltip);
  }

  private describe(cells: Cells, index: number): HTMLElement {
    const { words, steps } = this.data;
    const numbers = new Intl.NumberFormat(document.documentElement.lang || "en");
    const efforts = cells.count("efforts", index, this.shown.step);
    const encounters = cells.count("encounters", index, this.shown.step);
    const share = new Intl.NumberFormat(document.documentElement.lang || "en", { style: "percent" });
    const size = cells.metres < 1000 ? `${cells.metres} m` : `${cells.metres / 1000} km`;
    const lines = [`${words.efforts}: ${numbers.format(efforts)}`, `${words.encounters}: ${numbers.format(encounters)}`];
    if (efforts >= this.data.least) lines.push(`${words.rate}: ${share.format(encounters / efforts)}`);
    return tip([`${words.cell} ${size}`, steps[this.shown.step] ?? ""].filter(Boolean).join(" · "), lines);
  }

  private leave(): void {
    this.tooltip.remove();
  }
}

/** A tooltip's content. Text nodes only: a name that holds markup stays a name. */
export function tip(title: string, lines: string[]): HTMLElement {
  const box = document.createElement("div");
  const head = document.createElement("strong");
  head.textContent = title;
  head.dir = "auto";
  box.append(head);
  for (const line of lines) {
    const row = document.createElement("div");
    row.textContent = line;
    row.dir = "auto";
    box.append(row);
  }
  return box;
}
