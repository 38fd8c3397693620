// The slice of the map that the phone takes along: encrypted under the PIN, shown for 72 hours.
import { ask } from "./ask";
import { close, open } from "./lock";
import { type Store, SURE, keepSetting, setting } from "./store";

export interface LastVisit {
  visited_at: string;
  outcome: string;
  people_band: string | null;
}

export interface Site {
  id: string;
  name: string | null;
  type_label: string;
  status: string;
  lon: number;
  lat: number;
  days_late: number;
  due_on: string;
  access_note: string | null;
  has_access_note: boolean;
  last: LastVisit | null;
}

export interface Slice {
  carrier: { organisation_id: string; account_id: string; time_zone: string };
  areas: { id: string; name: string; cover: boolean }[];
  sites: Site[];
  // When a site was logged on this phone since the copy was taken; ms.
  logged?: Record<string, number>;
}

export type Fetched = { slice: Slice } | "sign-in" | "not-yours" | "no-connection";

export const LASTS_MS = 72 * 3600 * 1000;
const CLOCK_SLACK_MS = 3600 * 1000;

export async function fetchSlice(store: Store): Promise<Fetched> {
  try {
    const answer = await ask(store, "/api/v1/phone/slice");
    if (answer.status === 401) return "sign-in";
    if (answer.status === 403) return "not-yours";
    return answer.ok ? { slice: (await answer.json()) as Slice } : "no-connection";
  } catch {
    return "no-connection";
  }
}

export async function keepSlice(store: Store, key: CryptoKey, slice: Slice, fetchedAt: number): Promise<void> {
  const box = await close(key, new TextEncoder().encode(JSON.stringify(slice)));
  const change = store.transaction("slice", "readwrite", SURE);
  await change.store.put({ ...box, fetched_at: fetchedAt }, "own");
  await change.done;
}

export interface Held {
  slice: Slice;
  fetchedAt: number;
}

// Null where there is none, or none any more.
export async function heldSlice(store: Store, key: CryptoKey): Promise<Held | null> {
  await ageOut(store);
  const copy = await store.get("slice", "own");
  const plain = copy && (await open(key, copy));
  return plain ? { slice: JSON.parse(new TextDecoder().decode(plain)) as Slice, fetchedAt: copy.fetched_at } : null;
}

// Deletes a copy that is past its time. Needs no PIN. A clock that was set back gains nothing.
export async function ageOut(store: Store, now = Date.now()): Promise<boolean> {
  const copy = await store.get("slice", "own");
  if (copy && (now > copy.fetched_at + LASTS_MS || now < copy.fetched_at - CLOCK_SLACK_MS)) {
    await store.delete("slice", "own");
    await keepSetting(store, "expired", true);
  } else if (copy) {
    await store.delete("setting", "expired");
  }
  return (await setting<boolean>(store, "expired")) === true;
}
