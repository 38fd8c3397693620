// Installed well: browsers throw away the storage of a page that was not, after days.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { _ } from "./words";

interface Offer extends Event {
  prompt(): Promise<unknown>;
}

let offer: Offer | null = null;
addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  offer = event as Offer;
});

const isInstalled = (): boolean =>
  matchMedia("(display-mode: standalone)").matches || (navigator as { standalone?: boolean }).standalone === true;

export function Install(): JSX.Element | null {
  const [lasting, setLasting] = useState(true);
  const [done, setDone] = useState(isInstalled());
  useEffect(() => void persist().then(setLasting), []);
  if (done) return null;
  return (
    <details class="note warn">
      <summary>{_("Put Lantern on the home screen")}</summary>
      <p>
        {lasting
          ? _("Then it opens like any other app, also without a connection.")
          : _("Until then this browser may delete what was not sent yet, after a few days without use.")}
      </p>
      {offer ? (
        <button class="button" type="button" onClick={() => void offer?.prompt().then(() => setDone(isInstalled()))}>
          {_("Install")}
        </button>
      ) : (
        <p>{_("iPhone: Share, then Add to Home Screen. Android: the menu of the browser, then Install app or Add to Home screen.")}</p>
      )}
    </details>
  );
}

async function persist(): Promise<boolean> {
  try {
    return (await navigator.storage.persisted()) || (await navigator.storage.persist());
  } catch {
    return false;
  }
}
