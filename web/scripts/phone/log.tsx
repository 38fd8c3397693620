// Log a visit to a known site: what was found, how many people, saved.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Site } from "./slice";
import { Title } from "./title";
import { nameOf } from "./tonight";
import { _ } from "./words";

export interface Found {
  outcome: string;
  people_band: string | null;
  note: string | null;
}

// Nobody was there to count.
const UNCOUNTED: Record<string, string | null> = { "nobody-found": "0", "not-reached": null };

export function bandsFor(outcome: string, bands: string[]): string[] {
  return outcome === "met" ? bands.filter((band) => band !== "0") : bands;
}

export function LogVisit(props: {
  site: Site;
  outcomes: Record<string, string>;
  bands: Record<string, string>;
  save(found: Found): Promise<string>;
  back(): void;
}): JSX.Element {
  const [outcome, setOutcome] = useState("");
  const [note, setNote] = useState("");
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const save = async (people_band: string | null): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setWrong(await props.save({ outcome, people_band, note: note.trim() || null }));
    setBusy(false);
  };
  return (
    <div class="stack log">
      <Title>
        <bdi>{nameOf(props.site)}</bdi>
      </Title>
      {wrong && (
        <p class="note wrong" role="alert">
          {wrong}
        </p>
      )}
      <section class="columns" aria-labelledby="found-title">
        <h2 id="found-title">{_("What did you find?")}</h2>
        <div class="large-choices">
          {Object.entries(props.outcomes).map(([slug, label]) => (
            <button class="button" type="button" key={slug} aria-pressed={slug === outcome} onClick={() => setOutcome(slug)}>
              {_(label)}
            </button>
          ))}
        </div>
      </section>
      {outcome && (
        <details>
          <summary>{_("Add a note")}</summary>
          <div class="field">
            <label for="note">{_("Note")}</label>
            <span class="hint" id="note-hint">
              {_("For you and your team. No names of people.")}
            </span>
            <textarea id="note" rows={2} maxLength={4000} aria-describedby="note-hint" value={note} onInput={(event) => setNote(event.currentTarget.value)} />
          </div>
        </details>
      )}
      {outcome && outcome in UNCOUNTED && (
        <button class="button main large" type="button" aria-busy={busy} onClick={() => void save(UNCOUNTED[outcome] ?? null)}>
          {_("Save the visit")}
        </button>
      )}
      {outcome && !(outcome in UNCOUNTED) && (
        <section class="columns" aria-labelledby="people-title">
          <h2 id="people-title">{_("How many people did you see?")}</h2>
          <p class="hint">{_("A tap on the number saves the visit.")}</p>
          <div class="large-choices three">
            {bandsFor(outcome, Object.keys(props.bands)).map((band) => (
              <button class="button main" type="button" key={band} aria-busy={busy} onClick={() => void save(band)}>
                {_(props.bands[band] ?? band)}
              </button>
            ))}
          </div>
        </section>
      )}
      <button class="button" type="button" onClick={props.back}>
        {_("Back without saving")}
      </button>
    </div>
  );
}
