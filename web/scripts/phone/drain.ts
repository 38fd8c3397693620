// Sends what waits: one after the other, in one tab at a time, again until the server has it.
import { ask } from "./ask";
import { acknowledged, note, offerAgain, sendable, waited, waiting } from "./queue";
import type { DeliveryKey } from "./seal";
import { type Queued, type Store, keepSetting, setting } from "./store";
import { _ } from "./words";

// `idle`: nothing waits. `later`: no connection, or the server is busy. `sign-in`: nobody is signed in here.
export type Outcome = "idle" | "later" | "sign-in" | "other-account";

const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 10 * 60_000;
// The same again would be refused again. Anything else may pass.
const FINAL = new Set([400, 404, 409, 413, 415, 422]);

export class Drain {
  private tries = 0;
  private timer = 0;
  private running: Promise<Outcome> | null = null;
  private again = false;

  constructor(
    private readonly store: Store,
    private readonly changed: (outcome: Outcome) => void,
  ) {}

  begin(): void {
    addEventListener("online", () => this.soon());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.soon();
    });
    this.soon();
  }

  soon(after = 0): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.now(), after);
  }

  // Sends what there is; what is left over is tried again by itself, ever more seldom. Whoever asks while it is under way
  // has it begin once more: there may be a connection now.
  async now(): Promise<Outcome> {
    this.again = this.running !== null;
    this.running ??= this.once();
    return this.running;
  }

  private async once(): Promise<Outcome> {
    const found = await navigator.locks.request("lantern-drain", { ifAvailable: true }, async (mine) =>
      mine ? this.send() : "later",
    );
    this.running = null;
    this.tries = found === "later" ? this.tries + 1 : 0;
    this.changed(found);
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(this.tries, 10));
    this.soon(this.again ? 0 : longest * (0.5 + Math.random() / 2));
    this.again = false;
    return found;
  }

  private async send(): Promise<Outcome> {
    try {
      return await this.each();
    } catch {
      return "later";
    }
  }

  private async each(): Promise<Outcome> {
    const held = await setting<DeliveryKey>(this.store, "delivery-key");
    const due = sendable(await waiting(this.store));
    const leave = (await setting<boolean>(this.store, "leave")) === true;
    if (!due.length && held && !leave) return "idle";
    const key = await currentKey(this.store);
    const account = key && (await accountOf(this.store));
    if (!account) {
      if (leave) await this.store.delete("setting", "leave");
      return "sign-in";
    }
    const mine = sendable(await waiting(this.store)).filter((item) => item.account_id === account);
    for (const item of mine) {
      const stop = await this.one(item, key.epoch);
      if (stop) return stop;
    }
    if (leave) await endSession(this.store);
    return due.some((item) => item.account_id !== account) ? "other-account" : "idle";
  }

  private async one(item: Queued, epoch: string): Promise<Outcome | null> {
    const since = waited(item);
    const answer = await ask(this.store, `/api/v1/deliveries/${item.id}`, {
      method: "PUT",
      headers: {
        "Content-Type": "application/octet-stream",
        "Lantern-Key": item.key_id,
        ...(since === null ? {} : { "Lantern-Waited": String(since) }),
      },
      body: item.sealed,
    });
    if (answer.ok) {
      const said = (await answer.json()) as { state: string; epoch: string };
      await acknowledged(this.store, item, said.state === "with-manager" ? "with-manager" : "kept", said.epoch ?? epoch);
      this.changed("later");
      return null;
    }
    if (answer.status === 401) return "sign-in";
    if (!FINAL.has(answer.status)) return "later";
    await note(this.store, item, { state: "refused", reason: await reasonOf(answer), tries: item.tries + 1 });
    return null;
  }
}

// The server's key and epoch, fetched anew; null where nobody is signed in. What an older epoch has is offered again.
export async function currentKey(store: Store): Promise<DeliveryKey | null> {
  const answer = await ask(store, "/api/v1/delivery-key");
  if (answer.status === 401 || answer.status === 403) return null;
  if (!answer.ok) throw new Error(String(answer.status));
  const key = (await answer.json()) as DeliveryKey;
  await keepSetting(store, "delivery-key", { id: key.id, public_key: key.public_key, epoch: key.epoch });
  await offerAgain(store, key.epoch);
  return key;
}

async function accountOf(store: Store): Promise<string | null> {
  const answer = await ask(store, "/api/v1/me");
  if (answer.status === 401 || answer.status === 403) return null;
  if (!answer.ok) throw new Error(String(answer.status));
  return ((await answer.json()) as { id: string }).id;
}

// Too many wrong PINs were typed here: whoever holds the phone has to sign in again. What waits stays.
async function endSession(store: Store): Promise<void> {
  const answer = await fetch("/api/v1/session?keep=storage", { method: "DELETE" });
  if (answer.ok) await store.delete("setting", "leave");
}

async function reasonOf(answer: Response): Promise<string> {
  try {
    const problem = (await answer.json()) as { title?: string; detail?: string; errors?: { where: string; what: string }[] };
    const wrong = (problem.errors ?? []).map((each) => `${each.where}: ${each.what}`).join("; ");
    return [problem.title, problem.detail, wrong].filter(Boolean).join(" ");
  } catch {
    return _("The server did not say why.");
  }
}
