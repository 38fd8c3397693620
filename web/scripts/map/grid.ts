// The Eurostat grid in the browser: ETRS89-LAEA (EPSG:3035), both ways. Formulas: Snyder, Map Projections: A Working
// Manual (1987), Lambert azimuthal equal-area on the ellipsoid, equations 24-1 to 24-26 and 3-11 to 3-18.

const A = 6378137;
const F = 1 / 298.257222101;
const E2 = F * (2 - F);
const E = Math.sqrt(E2);
const DEGREE = Math.PI / 180;
const LAT0 = 52 * DEGREE;
const LON0 = 10 * DEGREE;
const EAST0 = 4321000;
const NORTH0 = 3210000;
export const ROW = 1_000_000;

function q(sine: number): number {
  return (1 - E2) * (sine / (1 - E2 * sine * sine) - Math.log((1 - E * sine) / (1 + E * sine)) / (2 * E));
}

const QP = q(1);
const RADIUS = A * Math.sqrt(QP / 2);
const BETA0 = Math.asin(q(Math.sin(LAT0)) / QP);
const SIN0 = Math.sin(BETA0);
const COS0 = Math.cos(BETA0);
const D = (A * Math.cos(LAT0)) / Math.sqrt(1 - E2 * Math.sin(LAT0) ** 2) / (RADIUS * COS0);
const SERIES = [
  E2 / 3 + (31 * E2 ** 2) / 180 + (517 * E2 ** 3) / 5040,
  (23 * E2 ** 2) / 360 + (251 * E2 ** 3) / 3780,
  (761 * E2 ** 3) / 45360,
] as const;

/** Metres east and north of a point in degrees. */
export function toGrid(lon: number, lat: number): [number, number] {
  const beta = Math.asin(q(Math.sin(lat * DEGREE)) / QP);
  const turn = lon * DEGREE - LON0;
  const sine = Math.sin(beta);
  const cosine = Math.cos(beta);
  const b = RADIUS * Math.sqrt(2 / (1 + SIN0 * sine + COS0 * cosine * Math.cos(turn)));
  return [
    EAST0 + b * D * cosine * Math.sin(turn),
    NORTH0 + (b / D) * (COS0 * sine - SIN0 * cosine * Math.cos(turn)),
  ];
}

/** Degrees (lon, lat) of a point in metres. */
export function fromGrid(east: number, north: number): [number, number] {
  const x = (east - EAST0) / D;
  const y = (north - NORTH0) * D;
  const rho = Math.hypot(x, y);
  if (rho === 0) return [10, 52];
  const c = 2 * Math.asin(rho / (2 * RADIUS));
  const beta = Math.asin(Math.cos(c) * SIN0 + (y * Math.sin(c) * COS0) / rho);
  const turn = Math.atan2(x * Math.sin(c), rho * COS0 * Math.cos(c) - y * SIN0 * Math.sin(c));
  const lat =
    beta + SERIES[0] * Math.sin(2 * beta) + SERIES[1] * Math.sin(4 * beta) + SERIES[2] * Math.sin(6 * beta);
  return [(LON0 + turn) / DEGREE, lat / DEGREE];
}

/** The number of the cell of `metres` that holds a point in degrees. */
export function cellOf(lon: number, lat: number, metres: number): number {
  const [east, north] = toGrid(lon, lat);
  return Math.floor(north / metres) * ROW + Math.floor(east / metres);
}
