// Colours come from the page's style sheet, so that both themes and the legend agree.

export type Words = Record<string, string>;

const known = new Map<string, string>();
const listeners: (() => void)[] = [];

export function colour(name: string): string {
  let value = known.get(name);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    known.set(name, value);
  }
  return value;
}

export function onTheme(listener: () => void): void {
  listeners.push(listener);
}

window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  known.clear();
  for (const listener of listeners) listener();
});
