// The shell: kept by a service worker. A new one waits until it is let in.
import { useEffect, useState } from "preact/hooks";

const SCOPE = "/phone/app";

export interface Renewal {
  ready: boolean; // a new version waits
  use(): void;
}

let asked = false;

export function useShell(): Renewal {
  const [waiting, setWaiting] = useState<ServiceWorker | null>(null);
  useEffect(() => void register(setWaiting), []);
  const use = (): void => {
    asked = true;
    waiting?.postMessage("use-it-now");
  };
  return { ready: waiting !== null, use };
}

async function register(found: (worker: ServiceWorker | null) => void): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    if (asked) location.reload();
  });
  try {
    const registered = await navigator.serviceWorker.register("/phone/worker.js", { scope: SCOPE, updateViaCache: "none" });
    const look = (): void => found(navigator.serviceWorker.controller ? registered.waiting : null);
    look();
    registered.addEventListener("updatefound", () => registered.installing?.addEventListener("statechange", look));
  } catch {
    // Without a connection the shell stays as it is.
  }
}
