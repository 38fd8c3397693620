// Asking the server, with patience for bad signal.
import { dropSlice } from "./lock";
import type { Store } from "./store";

const PATIENCE_MS = 30_000;
export const SIGNED_OUT = "lantern-signed-out";

// Where somebody signed this phone out from elsewhere the answer says so: the slice and its lock go. What waits to
// be sent stays, sealed, for whoever logged it.
export async function ask(store: Store, path: string, how: RequestInit = {}): Promise<Response> {
  const answer = await fetch(path, { ...how, signal: AbortSignal.timeout(PATIENCE_MS) });
  if (answer.status === 401 && answer.headers.has("Lantern-Signed-Out")) {
    await dropSlice(store);
    dispatchEvent(new Event(SIGNED_OUT));
  }
  return answer;
}
