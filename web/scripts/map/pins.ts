// Numbered pins that keep clear of each other: the more urgent one keeps its number, the other is a dot until the zoom
// gives it room.
import type * as Leaflet from "leaflet";

const ROOM = { x: 36, y: 31 };
const NOT_DUE_FROM_ZOOM = 16;
const ON_TOP = 4000;

export interface NumberedPin {
  marker: Leaflet.Marker;
  due: boolean;
}

/** `pins` are in order of urgency. */
export function keepApart(map: Leaflet.Map, pins: NumberedPin[]): void {
  const place = () => {
    const taken: Leaflet.Point[] = [];
    for (const { marker, due } of pins) {
      const at = map.project(marker.getLatLng());
      const crowded = taken.some((other) => Math.abs(other.x - at.x) < ROOM.x && Math.abs(other.y - at.y) < ROOM.y);
      const numbered = !crowded && (due || map.getZoom() >= NOT_DUE_FROM_ZOOM);
      if (numbered) taken.push(at);
      marker.getElement()?.classList.toggle("dot", !numbered);
      // Leaflet lets the southern pin lie on top, whatever it is.
      marker.setZIndexOffset(ON_TOP * (Number(numbered) + Number(due)));
    }
  };
  map.on("zoomend", place);
  place();
}
