// What the phone keeps, in IndexedDB. Nothing in it can be read without the PIN or the server's key.
import { type DBSchema, type IDBPDatabase, openDB } from "idb";

// `queued`: waits, also while it is under way. `with-manager` and `kept` have been acknowledged.
export type State = "queued" | "refused" | "with-manager" | "kept";

export interface Queued {
  id: string;
  kind: string;
  account_id: string;
  key_id: string;
  sequence: number;
  queued_at: number; // ms, this phone's clock
  state: State;
  tries: number;
  held_until: number; // so long it can be taken back, and is not sent; ms
  reason: string; // in words, where it was refused
  sealed: Uint8Array<ArrayBuffer>;
}

export interface Sent extends Queued {
  epoch: string;
  sent_at: number;
}

export interface Box {
  iv: Uint8Array<ArrayBuffer>;
  bytes: Uint8Array<ArrayBuffer>;
}

export interface Copy extends Box {
  fetched_at: number; // ms, this phone's clock
}

interface Shape extends DBSchema {
  queue: { key: string; value: Queued };
  sent: { key: string; value: Sent };
  slice: { key: string; value: Copy };
  setting: { key: string; value: unknown };
}

export type Store = IDBPDatabase<Shape>;

export const SURE = { durability: "strict" } as const;

export function openStore(): Promise<Store> {
  return openDB<Shape>("lantern-phone", 1, {
    upgrade(made) {
      made.createObjectStore("queue", { keyPath: "id" });
      made.createObjectStore("sent", { keyPath: "id" });
      made.createObjectStore("slice");
      made.createObjectStore("setting");
    },
  });
}

// Throws where nothing can be written: then nothing may be logged either.
export async function checkWritable(store: Store): Promise<void> {
  const change = store.transaction("setting", "readwrite", SURE);
  await change.store.put(new Uint8Array(16384), "probe");
  await change.store.delete("probe");
  await change.done;
}

export async function setting<Kind>(store: Store, name: string): Promise<Kind | undefined> {
  return (await store.get("setting", name)) as Kind | undefined;
}

export async function keepSetting(store: Store, name: string, value: unknown): Promise<void> {
  const change = store.transaction("setting", "readwrite", SURE);
  await change.store.put(value, name);
  await change.done;
}

// Adds one and returns the number, in one transaction: two tabs never count the same.
export async function countUp(store: Store, name: string): Promise<number> {
  const change = store.transaction("setting", "readwrite", SURE);
  const next = (((await change.store.get(name)) as number | undefined) ?? 0) + 1;
  await change.store.put(next, name);
  await change.done;
  return next;
}

// The phone's own id, made once.
export async function deviceOf(store: Store): Promise<string> {
  const change = store.transaction("setting", "readwrite", SURE);
  let device = (await change.store.get("device")) as string | undefined;
  if (!device) {
    device = crypto.randomUUID();
    await change.store.put(device, "device");
  }
  await change.done;
  return device;
}
