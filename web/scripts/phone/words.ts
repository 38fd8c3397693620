// The words of the reader's language: gettext's, fetched once and kept with the shell.
type Words = Record<string, string | string[]>;

let words: Words = {};
let rules = new Intl.PluralRules("en");
export let language = "en-GB";

const FORMATS: Record<string, string> = { en: "en-GB" };

export async function learn(): Promise<void> {
  const code = document.documentElement.lang || "en";
  language = FORMATS[code] ?? code;
  rules = new Intl.PluralRules(code);
  const place = document.querySelector<HTMLLinkElement>("link#words");
  if (!place) return;
  try {
    words = (await (await fetch(place.href)).json()) as Words;
  } catch {
    words = {};
  }
}

export function _(text: string, values: Record<string, string | number> = {}): string {
  const said = words[text];
  return fill(typeof said === "string" ? said : text, values);
}

// Form by number, as gettext: the first for one, the second for few where the language has that, the last for the rest.
export function ngettext(one: string, many: string, count: number, values: Record<string, string | number> = {}): string {
  const said = words[one];
  const forms = Array.isArray(said) ? said : [one, many];
  const rule = ["one", "few", "many"].indexOf(rules.select(count));
  const form = rule < 0 ? forms.at(-1) : forms[Math.min(rule, forms.length - 1)];
  return fill(form ?? many, { count, ...values });
}

function fill(text: string, values: Record<string, string | number>): string {
  return text.replace(/%\((\w+)\)s/g, (whole, name: string) => String(values[name] ?? whole));
}
