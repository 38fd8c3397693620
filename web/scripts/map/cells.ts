// Counts in cells of the grid, read back from the compact form that geo/compact.py writes.

import { fromGrid, ROW } from "./grid";

export interface PackedCells {
  metres: number;
  south: number;
  west: number;
  width: number;
  cells: number;
  steps: number;
  data: string;
}

export type Mode = "efforts" | "encounters" | "rate";

/** The searched cells of one size. Step 0 is the whole period, step i its i-th month. */
export class Cells {
  readonly place = new Map<number, number>();
  private totals: { efforts: Float64Array; encounters: Float64Array };

  constructor(
    readonly metres: number,
    readonly numbers: Float64Array,
    readonly steps: number,
    private efforts: Float64Array,
    private encounters: Float64Array,
  ) {
    numbers.forEach((number, index) => this.place.set(number, index));
    this.totals = { efforts: this.sum(efforts), encounters: this.sum(encounters) };
  }

  static async read(packed: PackedCells): Promise<Cells> {
    const numbers = leb128(await inflate(packed.data));
    const next = () => numbers.next().value as number;
    const places = new Float64Array(packed.cells);
    let position = 0;
    for (let i = 0; i < packed.cells; i++) {
      position += next();
      const row = packed.south + Math.floor(position / packed.width);
      places[i] = row * ROW + packed.west + (position % packed.width);
    }
    const efforts = new Float64Array(packed.cells * packed.steps);
    const encounters = new Float64Array(packed.cells * packed.steps);
    for (let i = 0; i < efforts.length; i++) efforts[i] = next();
    for (let i = 0; i < efforts.length; i++) if (efforts[i]) encounters[i] = next();
    return new Cells(packed.metres, places, packed.steps, efforts, encounters);
  }

  count(what: "efforts" | "encounters", index: number, step: number): number {
    if (step === 0) return this.totals[what][index] ?? 0;
    return this[what][index * this.steps + step - 1] ?? 0;
  }

  /** What is shown of a cell, NaN for nothing: a rate needs `least` efforts. */
  value(mode: Mode, index: number, step: number, least: number): number {
    const efforts = this.count("efforts", index, step);
    if (mode === "rate") return efforts >= least ? this.count("encounters", index, step) / efforts : NaN;
    return (mode === "efforts" ? efforts : this.count("encounters", index, step)) || NaN;
  }

  /** The corners of a cell in degrees: lower left, lower right, upper right, upper left. */
  corners(index: number): [number, number][] {
    const number = this.numbers[index] ?? 0;
    const north = Math.floor(number / ROW) * this.metres;
    const east = (number % ROW) * this.metres;
    const far = this.metres;
    return [
      fromGrid(east, north),
      fromGrid(east + far, north),
      fromGrid(east + far, north + far),
      fromGrid(east, north + far),
    ];
  }

  private sum(counts: Float64Array): Float64Array {
    const sums = new Float64Array(this.numbers.length);
    counts.forEach((count, i) => {
      const index = Math.floor(i / this.steps);
      sums[index] = (sums[index] ?? 0) + count;
    });
    return sums;
  }
}

export async function inflate(text: string): Promise<Uint8Array> {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function* leb128(bytes: Uint8Array): Generator<number, number> {
  let number = 0;
  let scale = 1;
  for (const byte of bytes) {
    number += (byte & 127) * scale;
    if (byte < 128) {
      yield number;
      number = 0;
      scale = 1;
    } else scale *= 128;
  }
  return 0;
}

/** Where the classes begin: at most five whole numbers, by quantiles of what is shown. */
export function breaks(values: number[]): number[] {
  const sorted = values.filter((value) => value > 0).sort((a, b) => a - b);
  if (!sorted.length) return [];
  const starts = [0, 0.5, 0.75, 0.9, 0.97].map((share) => sorted[Math.floor(share * (sorted.length - 1))] ?? 1);
  const fair = starts.map((start, i) => (i === 0 ? 1 : Math.ceil(start)));
  return fair.filter((start, i) => i === 0 || start > (fair[i - 1] ?? 0));
}
