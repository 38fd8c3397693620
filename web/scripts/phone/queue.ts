// What waits to be sent: sealed, in order, and gone only after the server said that it has it.
import { type DeliveryKey, type Name, seal } from "./seal";
import { type Queued, type Sent, type Store, SURE, checkWritable, countUp, deviceOf } from "./store";

export const UNDO_MS = 10_000;
const REMEMBERED_MS = 30 * 24 * 3600 * 1000;

const SAME_MS = 60_000;
const sealedAt = new Map<string, number>(); // by the monotonic clock, which begins anew with the page

export interface Said {
  kind: string;
  id: string; // of the row
  body: object;
}

// Seals and keeps it; throws where that cannot be done, and then nothing was logged.
export async function enqueue(store: Store, key: DeliveryKey, name: Name, said: Said): Promise<string> {
  await checkWritable(store);
  const id = newId();
  const sequence = await countUp(store, "sequence");
  const now = Date.now();
  const whole = { ...said, said_at: new Date(now).toISOString(), sequence, device: await deviceOf(store), since_ms: 0 };
  const item: Queued = {
    id,
    kind: said.kind,
    account_id: name.account_id,
    key_id: key.id,
    sequence,
    queued_at: now,
    state: "queued",
    tries: 0,
    held_until: now + UNDO_MS,
    reason: "",
    sealed: await seal(key, name, id, whole),
  };
  sealedAt.set(id, performance.now());
  const change = store.transaction("queue", "readwrite", SURE);
  await change.store.add(item);
  await change.done;
  return id;
}

export async function waiting(store: Store): Promise<Queued[]> {
  return (await store.getAll("queue")).sort((one, other) => one.sequence - other.sequence);
}

// Those that may be sent now. A clock that was set back holds nothing longer than it should.
export function sendable(items: Queued[], now = Date.now()): Queued[] {
  const held = (item: Queued): boolean => item.held_until > now && item.held_until <= now + UNDO_MS;
  return items.filter((item) => item.state === "queued" && !held(item));
}

// How long ago it was sealed, in ms; null where nobody can say. Some phones stop the monotonic clock while they sleep, and
// the other one can be set: only where both agree it is told.
export function waited(item: Queued): number | null {
  const since = sealedAt.get(item.id);
  if (since === undefined) return null;
  const steady = performance.now() - since;
  return Math.abs(Date.now() - item.queued_at - steady) < SAME_MS ? Math.round(steady) : null;
}

// Was it still there to be taken back?
export async function takeBack(store: Store, id: string): Promise<boolean> {
  const change = store.transaction("queue", "readwrite", SURE);
  const item = await change.store.get(id);
  const back = item !== undefined && item.held_until > Date.now();
  if (back) await change.store.delete(id);
  await change.done;
  return back;
}

// A UUIDv7 (RFC 9562, 5.7).
export function newId(): string {
  const random = crypto.randomUUID();
  const time = Date.now().toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}

export async function note(store: Store, item: Queued, change: Partial<Queued>): Promise<void> {
  const turn = store.transaction("queue", "readwrite", SURE);
  if (await turn.store.get(item.id)) await turn.store.put({ ...item, ...change });
  await turn.done;
}

// Acknowledged: it moves to what was sent, in one transaction, so that it is always in one of the two.
export async function acknowledged(store: Store, item: Queued, state: "kept" | "with-manager", epoch: string): Promise<void> {
  const change = store.transaction(["queue", "sent"], "readwrite", SURE);
  await change.objectStore("sent").put({ ...item, state, epoch, sent_at: Date.now() });
  await change.objectStore("queue").delete(item.id);
  await change.done;
}

// The server was restored from an older backup: what it acknowledged before is offered again. Its ids make that safe.
export async function offerAgain(store: Store, epoch: string): Promise<void> {
  const change = store.transaction(["queue", "sent"], "readwrite", SURE);
  for (const item of await change.objectStore("sent").getAll()) {
    if (item.epoch !== epoch) await requeue(change.objectStore("queue"), item);
    const old = item.sent_at < Date.now() - REMEMBERED_MS;
    if (old || item.epoch !== epoch) await change.objectStore("sent").delete(item.id);
  }
  await change.done;
}

async function requeue(queue: { put(item: Queued): Promise<string> }, item: Sent): Promise<void> {
  const { epoch: _epoch, sent_at: _sent, ...kept } = item;
  await queue.put({ ...kept, state: "queued", tries: 0 });
}
