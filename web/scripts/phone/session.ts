// What the app holds while it is open: the slice and its key, in memory only.
import { currentKey } from "./drain";
import { type Opened, dropSlice } from "./lock";
import type { Found } from "./log";
import { enqueue, newId, takeBack } from "./queue";
import type { DeliveryKey } from "./seal";
import { type Fetched, type Held, type Site, fetchSlice, heldSlice, keepSlice } from "./slice";
import { type Store, setting } from "./store";

const NOTHING: Held["slice"] = { carrier: { organisation_id: "", account_id: "", time_zone: "UTC" }, areas: [], sites: [] };

export interface Session extends Opened {
  held: Held | null;
}

export async function begin(store: Store, opened: Opened): Promise<Session> {
  if (opened.empty) return { ...opened, held: { slice: NOTHING, fetchedAt: Date.now() } };
  return { ...opened, held: await heldSlice(store, opened.key) };
}

// Keeps what was fetched. What was logged here since stays marked.
export async function renew(store: Store, session: Session, fetched: Fetched): Promise<Session> {
  if (session.empty) return session;
  if (fetched === "not-yours") {
    await dropSlice(store);
    return { ...session, held: null };
  }
  if (typeof fetched === "string") return session;
  const slice = { ...fetched.slice, logged: session.held?.slice.logged ?? {} };
  const held = { slice, fetchedAt: Date.now() };
  try {
    await keepSlice(store, session.key, slice, held.fetchedAt);
  } catch {
    // No space: it is shown as long as the app is open.
  }
  return { ...session, held };
}

// What a first start needs: the slice, and the key to seal with.
export async function fetchFirst(store: Store): Promise<Fetched> {
  const fetched = await fetchSlice(store);
  if (typeof fetched === "string") return fetched;
  try {
    return (await currentKey(store)) ? fetched : "sign-in";
  } catch {
    return "no-connection";
  }
}

// The id of what waits now. Throws where it could not be kept.
export async function logVisit(store: Store, session: Session, site: Site, found: Found): Promise<[string, Session]> {
  const key = await setting<DeliveryKey>(store, "delivery-key");
  if (!key || !session.held) throw new Error("no key");
  const { slice, fetchedAt } = session.held;
  const body = { visited_at: new Date().toISOString(), site_id: site.id, ...found };
  const id = await enqueue(store, key, slice.carrier, { kind: "visit", id: newId(), body });
  return [id, await mark(store, session, { ...slice.logged, [site.id]: Date.now() }, fetchedAt)];
}

export async function undo(store: Store, session: Session, id: string, site: Site): Promise<Session> {
  if (!(await takeBack(store, id)) || !session.held) return session;
  const { [site.id]: _gone, ...logged } = session.held.slice.logged ?? {};
  return mark(store, session, logged, session.held.fetchedAt);
}

// The mark is a convenience: where it cannot be kept, the visit still is.
async function mark(store: Store, session: Session, logged: Record<string, number>, fetchedAt: number): Promise<Session> {
  if (!session.held) return session;
  const slice = { ...session.held.slice, logged };
  try {
    await keepSlice(store, session.key, slice, fetchedAt);
  } catch {
    // Full since a moment ago.
  }
  return { ...session, held: { slice, fetchedAt } };
}
