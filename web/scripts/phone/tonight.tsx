// Tonight: the sites that are due, the most urgent first, then the nearest.
import type { JSX } from "preact";
import { type Position, metres } from "./distance";
import { day, daysLate, late, time, walk } from "./say";
import type { Site, Slice } from "./slice";
import { Title } from "./title";
import { _, ngettext } from "./words";

const NEAR_M = 150;
const SHIFT_MS = 12 * 3600 * 1000;

interface Placed {
  site: Site;
  days: number;
  away: number | null;
}

function placed(slice: Slice, position: Position | null): Placed[] {
  return slice.sites
    .map((site) => ({
      site,
      days: daysLate(site.due_on, slice.carrier.time_zone),
      away: position && metres(position, site),
    }))
    .sort((one, other) => other.days - one.days || (one.away ?? 0) - (other.away ?? 0));
}

function isLogged(slice: Slice, site: Site): boolean {
  return (slice.logged?.[site.id] ?? 0) > Date.now() - SHIFT_MS;
}

export const nameOf = (site: Site): string => site.name ?? _(site.type_label);

function Access({ site }: { site: Site }): JSX.Element | null {
  if (site.access_note) return <p class="access">{site.access_note}</p>;
  return site.has_access_note ? <p class="access">{_("The note cannot be opened. Tell whoever keeps Lantern running.")}</p> : null;
}

function Entry(props: { placed: Placed; slice: Slice; outcomes: Record<string, string>; log(site: Site): void }): JSX.Element {
  const { site, days, away } = props.placed;
  const zone = props.slice.carrier.time_zone;
  const logged = isLogged(props.slice, site);
  return (
    <li class={days > 0 && !logged ? "overdue" : ""}>
      <h3>
        <bdi>{nameOf(site)}</bdi>
      </h3>
      <p>
        {logged ? (
          _("Logged on this phone, %(time)s", { time: time(props.slice.logged?.[site.id] ?? 0, zone) })
        ) : (
          <span class={days > 0 ? "late" : ""}>{late(days)}</span>
        )}
        {" · "}
        {_(site.type_label)}
        {site.status === "unverified" && ` · ${_("unverified")}`}
        {away !== null && ` · ${walk(away)}`}
      </p>
      <p class="quiet">
        {site.last ? `${_("Last visit")} ${day(site.last.visited_at, zone)}: ${_(props.outcomes[site.last.outcome] ?? site.last.outcome)}` : _("No visit yet")}
      </p>
      <button class="button" type="button" aria-label={_("Log a visit to %(name)s", { name: nameOf(site) })} onClick={() => props.log(site)}>
        {_("Log")}
      </button>
      <Access site={site} />
    </li>
  );
}

export function Tonight(props: { slice: Slice; position: Position | null; outcomes: Record<string, string>; log(site: Site): void; locate(): void }): JSX.Element {
  const { slice } = props;
  const all = placed(slice, props.position);
  const due = all.filter((each) => each.days >= 0 && !isLogged(slice, each.site));
  const done = all.filter((each) => isLogged(slice, each.site));
  const later = all.filter((each) => each.days < 0 && !isLogged(slice, each.site));
  const nearest = all.filter((each) => each.away !== null && each.away <= NEAR_M && !isLogged(slice, each.site)).sort((one, other) => (one.away ?? 0) - (other.away ?? 0))[0];
  const list = (some: Placed[]): JSX.Element => (
    <ol class="due">
      {some.map((each) => (
        <Entry key={each.site.id} placed={each} slice={slice} outcomes={props.outcomes} log={props.log} />
      ))}
    </ol>
  );
  return (
    <>
      <Title>{_("Tonight")}</Title>
      {slice.areas.length > 0 && <p class="quiet">{slice.areas.map((area) => area.name).join(" · ")}</p>}
      {nearest && (
        <button class="button main large" type="button" onClick={() => props.log(nearest.site)}>
          {_("Here, %(distance)s away: log %(name)s", { distance: walk(nearest.away ?? 0), name: nameOf(nearest.site) })}
        </button>
      )}
      <section class="columns" aria-labelledby="due-title">
        <h2 id="due-title">{due.length ? ngettext("One place is due", "%(count)s places are due", due.length) : _("No place is due")}</h2>
        {!props.position && all.length > 1 && (
          <button class="button" type="button" onClick={props.locate}>
            {_("Show how far it is")}
          </button>
        )}
        {due.length > 0 && list(due)}
      </section>
      {done.length > 0 && (
        <section class="columns" aria-labelledby="done-title">
          <h2 id="done-title">{_("Logged in this shift")}</h2>
          {list(done)}
        </section>
      )}
      {later.length > 0 && (
        <details>
          <summary>{ngettext("One place is not due yet", "%(count)s places are not due yet", later.length)}</summary>
          {list(later)}
        </details>
      )}
    </>
  );
}
