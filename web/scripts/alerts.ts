// The alerts on a home, asked for anew every ten seconds while the page is in view. What does not come is said.
const EVERY_MS = 10_000;
// A page that nobody touched for so long asks no more: it would keep its session open for ever.
const LEFT_ALONE_MS = 8 * 3_600_000;

let touched = Date.now();
let asking = false;

function box(): HTMLElement | null {
  return document.getElementById("alerts");
}

async function refresh(): Promise<void> {
  const shown = box();
  if (!shown || asking || document.hidden || Date.now() - touched > LEFT_ALONE_MS) return;
  asking = true;
  try {
    const mark = shown.dataset["mark"] ?? "";
    const answer = await fetch(shown.dataset["from"] ?? "", {
      headers: { "If-None-Match": `"${mark}"`, Accept: "text/html" },
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(EVERY_MS),
    });
    if (answer.status === 200) replace(shown, await answer.text());
    else if (answer.status !== 304) throw new Error(`answered ${answer.status}`);
    document.getElementById("alerts-silent")?.remove();
  } catch {
    sayOld(shown);
  } finally {
    asking = false;
  }
}

// The control that was in use stays in use, with what was chosen or opened.
function replace(shown: HTMLElement, html: string): void {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("alerts");
  if (!fresh) throw new Error("no alerts in the answer");
  const focus = shown.contains(document.activeElement) ? document.activeElement?.id : undefined;
  for (const old of shown.querySelectorAll("select")) {
    const choice = fresh.querySelector<HTMLSelectElement>(`#${CSS.escape(old.id)}`);
    if (choice) choice.value = old.value;
  }
  for (const old of shown.querySelectorAll("details[open]")) {
    fresh.querySelector(`#${CSS.escape(old.id)}`)?.setAttribute("open", "");
  }
  shown.replaceChildren(...fresh.childNodes);
  shown.dataset["mark"] = fresh.dataset["mark"] ?? "";
  if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
}

function sayOld(shown: HTMLElement): void {
  if (document.getElementById("alerts-silent")) return;
  const said = document.createElement("p");
  said.id = "alerts-silent";
  said.className = "note warn";
  said.textContent = shown.dataset["silent"] ?? "";
  shown.after(said);
}

for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => (touched = Date.now()));
document.addEventListener("visibilitychange", () => void refresh());
setInterval(() => void refresh(), EVERY_MS);
