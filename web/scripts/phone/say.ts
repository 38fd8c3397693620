// Times, distances and counts, as people say them.
import type { Queued } from "./store";
import { _, language, ngettext } from "./words";

const DAY_MS = 24 * 3600 * 1000;

export function age(since: number, now = Date.now()): string {
  const minutes = Math.max(0, Math.round((now - since) / 60_000));
  if (minutes < 60) return _("%(count)s min", { count: minutes });
  if (minutes < 48 * 60) return _("%(count)s h", { count: Math.floor(minutes / 60) });
  return _("%(count)s days", { count: Math.floor(minutes / 60 / 24) });
}

export function walk(distance: number): string {
  if (distance < 1000) return _("%(count)s m", { count: Math.max(10, Math.round(distance / 10) * 10) });
  const kilometres = new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(distance / 1000);
  return _("%(count)s km", { count: kilometres });
}

export function late(days: number): string {
  if (days > 0) return ngettext("overdue by one day", "overdue by %(count)s days", days);
  if (days === 0) return _("due today");
  return ngettext("due tomorrow", "due in %(count)s days", -days);
}

export function day(moment: string | number, timeZone: string): string {
  return new Intl.DateTimeFormat(language, { timeZone, day: "numeric", month: "short", year: "numeric" }).format(new Date(moment));
}

export function time(moment: string | number, timeZone: string): string {
  return new Intl.DateTimeFormat(language, { timeZone, weekday: "short", hour: "2-digit", minute: "2-digit" }).format(new Date(moment));
}

// Days since a day (`2026-01-31`), on the wall clock of the organisation.
export function daysLate(dueOn: string, timeZone: string, now = Date.now()): number {
  const today = new Intl.DateTimeFormat("en-CA", { timeZone }).format(new Date(now));
  return Math.round((Date.parse(today) - Date.parse(dueOn)) / DAY_MS);
}

export function waits(items: Queued[]): string {
  const queued = items.filter((item) => item.state === "queued");
  const refused = items.length - queued.length;
  const parts: string[] = [];
  if (queued.length) {
    const oldest = Math.min(...queued.map((item) => item.queued_at));
    parts.push(_("%(count)s waiting, oldest %(age)s", { count: queued.length, age: age(oldest) }));
  }
  if (refused) parts.push(ngettext("one refused", "%(count)s refused", refused));
  return parts.join(" · ") || _("Nothing is waiting");
}
