// What waits to be sent: always in sight, and as a list with what was refused and why.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Outcome } from "./drain";
import { age, waits } from "./say";
import type { Queued } from "./store";
import { Title } from "./title";
import { _, ngettext } from "./words";

const KINDS: Record<string, string> = { visit: _("Visit") };

export function SignIn(): JSX.Element {
  return (
    <a class="button" href="/sign-in?next=%2Fphone%2Fapp">
      {_("Sign in")}
    </a>
  );
}

export function Outbox(props: { items: Queued[]; outcome: Outcome; send(): void; drop(item: Queued): void; back(): void }): JSX.Element {
  return (
    <>
      <Title>{_("Waiting to be sent")}</Title>
      <p>{waits(props.items)}</p>
      {props.outcome === "sign-in" && (
        <p class="note warn">
          {_("You are not signed in, so nothing can be sent. What waits stays on this phone.")} <SignIn />
        </p>
      )}
      {props.outcome === "other-account" && (
        <p class="note warn">{_("Some of it was logged by someone else on this phone. It is sent when they sign in here.")}</p>
      )}
      <ul class="plain">
        {props.items.map((item) => (
          <li key={item.id}>
            <strong>{_(KINDS[item.kind] ?? item.kind)}</strong>, {_("%(age)s ago", { age: age(item.queued_at) })}
            {item.state === "refused" ? (
              <>
                <p class="wrong-here">{_("Refused: %(reason)s", { reason: item.reason })}</p>
                <button class="button" type="button" onClick={() => props.drop(item)}>
                  {_("I have logged it another way: remove it")}
                </button>
              </>
            ) : (
              <p class="quiet">{_("Sealed. It can be read on the server only.")}</p>
            )}
          </li>
        ))}
      </ul>
      {props.items.length > 0 && (
        <button class="button main large" type="button" onClick={props.send}>
          {_("Send now")}
        </button>
      )}
      <button class="button" type="button" onClick={props.back}>
        {_("Back")}
      </button>
    </>
  );
}

export function Leave(props: { items: Queued[]; send(): void; leave(): Promise<boolean>; back(): void }): JSX.Element {
  const [wrong, setWrong] = useState(false);
  const count = props.items.length;
  return (
    <>
      <Title>{_("Sign out")}</Title>
      {count > 0 && (
        <p class="note wrong" role="alert">
          {ngettext(
            "One entry has not been sent. Signing out deletes it, and nobody can bring it back.",
            "%(count)s entries have not been sent. Signing out deletes them, and nobody can bring them back.",
            count,
          )}
        </p>
      )}
      <p>{_("Signing out clears this phone: the copy of your areas, the PIN, and what waits.")}</p>
      {wrong && (
        <p class="note warn" role="alert">
          {_("There is no connection, so you could not be signed out. Lock the app instead.")}
        </p>
      )}
      {count > 0 && (
        <button class="button main large" type="button" onClick={props.send}>
          {_("Send now")}
        </button>
      )}
      <button class="button" type="button" onClick={props.back}>
        {_("Stay signed in")}
      </button>
      <button class="button danger" type="button" onClick={() => void props.leave().then((left) => setWrong(!left))}>
        {count > 0 ? ngettext("Sign out and lose one entry", "Sign out and lose %(count)s entries", count) : _("Sign out")}
      </button>
    </>
  );
}
