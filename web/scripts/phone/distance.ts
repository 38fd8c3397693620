// How far to walk, by a straight line; metres. Positions are asked for on a tap, and kept in memory only.
export interface Position {
  lon: number;
  lat: number;
}

const RADIUS_M = 6_371_000;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

export function metres(one: Position, other: Position): number {
  const up = Math.sin(radians(other.lat - one.lat) / 2) ** 2;
  const across = Math.sin(radians(other.lon - one.lon) / 2) ** 2;
  return 2 * RADIUS_M * Math.asin(Math.sqrt(up + Math.cos(radians(one.lat)) * Math.cos(radians(other.lat)) * across));
}

export function askPosition(): Promise<Position | null> {
  return new Promise((found) => {
    if (!navigator.geolocation) return found(null);
    navigator.geolocation.getCurrentPosition(
      (position) => found({ lon: position.coords.longitude, lat: position.coords.latitude }),
      () => found(null),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 },
    );
  });
}

// Where someone allowed it before, they are not asked again.
export async function allowedPosition(): Promise<Position | null> {
  try {
    const permission = await navigator.permissions.query({ name: "geolocation" });
    return permission.state === "granted" ? await askPosition() : null;
  } catch {
    return null;
  }
}
