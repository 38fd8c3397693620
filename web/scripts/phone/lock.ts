// The PIN: it opens one of two slots, and what the slot holds opens the slice. Keys live in memory only.
//
// Two slots are always there. Where no second PIN was chosen, the other one holds random bytes: whoever looks at the
// storage cannot tell.
import { type Box, type Store, SURE, countUp, keepSetting, setting } from "./store";

export const SHORTEST = 6;
export const MOST_TRIES = 5;
export const LOCKS_AFTER_MS = 5 * 60 * 1000;
const ROUNDS = 600_000;
const REAL = 1;
const EMPTY = 2;
const TAG = 16;

interface Lock {
  salt: Uint8Array<ArrayBuffer>;
  rounds: number;
  slots: Box[];
}

export interface Opened {
  key: CryptoKey;
  empty: boolean;
}

export type Tried = { opened: Opened } | { left: number };

const bytes = (length: number): Uint8Array<ArrayBuffer> => crypto.getRandomValues(new Uint8Array(length));

export const isPin = (typed: string): boolean => new RegExp(`^[0-9]{${SHORTEST},32}$`).test(typed);

export async function hasLock(store: Store): Promise<boolean> {
  return (await setting<Lock>(store, "lock")) !== undefined;
}

export async function setLock(store: Store, pin: string, second: string): Promise<Opened> {
  const salt = bytes(16);
  const secret = bytes(32);
  const slots = [await slot(pin, salt, secret, REAL)];
  slots.push(second ? await slot(second, salt, bytes(32), EMPTY) : { iv: bytes(12), bytes: bytes(33 + TAG) });
  if ((bytes(1)[0] ?? 0) % 2) slots.reverse();
  await keepSetting(store, "lock", { salt, rounds: ROUNDS, slots } satisfies Lock);
  await keepSetting(store, "tries", 0);
  return { key: await sliceKey(secret), empty: false };
}

// Counted before it is tried, so that closing the app gives no further try. The fifth wrong one drops the slice and its
// lock, and asks that the session be ended; what waits to be sent stays.
export async function tryPin(store: Store, pin: string): Promise<Tried> {
  const lock = await setting<Lock>(store, "lock");
  if (!lock) return { left: 0 };
  const tries = await countUp(store, "tries");
  const opened = tries > MOST_TRIES ? null : await openAny(lock, pin);
  if (opened) {
    await keepSetting(store, "tries", 0);
    return { opened };
  }
  if (tries >= MOST_TRIES) await dropSlice(store, true);
  return { left: Math.max(0, MOST_TRIES - tries) };
}

export async function dropSlice(store: Store, leave = false): Promise<void> {
  const change = store.transaction(["slice", "setting"], "readwrite", SURE);
  await change.objectStore("slice").clear();
  await change.objectStore("setting").delete("lock");
  await change.objectStore("setting").delete("tries");
  if (leave) await change.objectStore("setting").put(true, "leave");
  await change.done;
}

export async function close(key: CryptoKey, plain: Uint8Array<ArrayBuffer>): Promise<Box> {
  const iv = bytes(12);
  return { iv, bytes: new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain)) };
}

export async function open(key: CryptoKey, box: Box): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: box.iv }, key, box.bytes));
  } catch {
    return null;
  }
}

async function slot(
  pin: string,
  salt: Uint8Array<ArrayBuffer>,
  secret: Uint8Array<ArrayBuffer>,
  kind: number,
): Promise<Box> {
  return close(await keyOf(pin, salt, ROUNDS), new Uint8Array([...secret, kind]));
}

async function openAny(lock: Lock, pin: string): Promise<Opened | null> {
  const key = await keyOf(pin, lock.salt, lock.rounds);
  for (const each of lock.slots) {
    const held = await open(key, each);
    if (held) return { key: await sliceKey(held.slice(0, 32)), empty: held[32] === EMPTY };
  }
  return null;
}

async function keyOf(pin: string, salt: Uint8Array<ArrayBuffer>, iterations: number): Promise<CryptoKey> {
  const typed = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return crypto.subtle.deriveKey(how, typed, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

function sliceKey(secret: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", secret, "AES-GCM", false, ["encrypt", "decrypt"]);
}
