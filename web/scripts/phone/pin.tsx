// Choosing a PIN, and opening with it.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { type Opened, SHORTEST, isPin, setLock, tryPin } from "./lock";
import type { Store } from "./store";
import { Title } from "./title";
import { _, ngettext } from "./words";

function PinField(props: { id: string; label: string; hint?: string; wrong?: string; fresh?: boolean; value: string; typed(pin: string): void }): JSX.Element {
  const told = [props.hint ? `${props.id}-hint` : "", props.wrong ? `${props.id}-wrong` : ""].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={props.id}>{props.label}</label>
      {props.hint && (
        <span class="hint" id={`${props.id}-hint`}>
          {props.hint}
        </span>
      )}
      {props.wrong && (
        <p class="wrong-here" id={`${props.id}-wrong`} role="alert">
          {props.wrong}
        </p>
      )}
      <input
        id={props.id}
        class="pin-field"
        type="password"
        inputMode="numeric"
        autoComplete={props.fresh ? "new-password" : "off"}
        maxLength={32}
        value={props.value}
        aria-invalid={props.wrong ? "true" : undefined}
        aria-describedby={told || undefined}
        onInput={(event) => props.typed(event.currentTarget.value)}
      />
    </div>
  );
}

interface Wrong {
  pin?: string;
  again?: string;
  second?: string;
}

function check(pin: string, again: string, second: string): Wrong {
  const digits = _("A PIN has %(count)s digits or more.", { count: SHORTEST });
  if (!isPin(pin)) return { pin: digits };
  if (new Set(pin).size === 1 || "01234567890123456789".includes(pin) || "98765432109876543210".includes(pin))
    return { pin: _("This one is guessed first. Choose another.") };
  if (again !== pin) return { again: _("This is not the same PIN.") };
  if (second && !isPin(second)) return { second: digits };
  return second === pin ? { second: _("The second PIN has to be another one.") } : {};
}

export function ChoosePin({ store, chosen }: { store: Store; chosen(opened: Opened): Promise<void> }): JSX.Element {
  const [pin, setPin] = useState("");
  const [again, setAgain] = useState("");
  const [second, setSecond] = useState("");
  const [wrong, setWrong] = useState<Wrong>({});
  const [busy, setBusy] = useState(false);
  const keep = async (event: Event): Promise<void> => {
    event.preventDefault();
    const found = check(pin, again, second);
    setWrong(found);
    if (busy || Object.keys(found).length) return;
    setBusy(true);
    await chosen(await setLock(store, pin, second));
  };
  return (
    <form class="stack" onSubmit={(event) => void keep(event)} noValidate>
      <Title>{_("Choose a PIN")}</Title>
      <p>{_("What this phone keeps of your areas is locked with it. Nobody can find it out for you.")}</p>
      <PinField id="pin" fresh label={_("PIN")} hint={_("%(count)s digits or more", { count: SHORTEST })} wrong={wrong.pin} value={pin} typed={setPin} />
      <PinField id="again" fresh label={_("The same again")} wrong={wrong.again} value={again} typed={setAgain} />
      <details open={Boolean(wrong.second)}>
        <summary>{_("A second PIN that shows an empty app")}</summary>
        <PinField
          id="second"
          fresh
          label={_("Second PIN")}
          hint={_("For when someone makes you open it. May stay empty.")}
          wrong={wrong.second}
          value={second}
          typed={setSecond}
        />
      </details>
      <button class="button main large" aria-busy={busy}>
        {_("Keep the PIN")}
      </button>
    </form>
  );
}

export function Unlock({ store, opened, gone }: { store: Store; opened(found: Opened): Promise<void>; gone(): void }): JSX.Element {
  const [pin, setPin] = useState("");
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const attempt = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    if (!isPin(pin)) return setWrong(_("A PIN has %(count)s digits or more.", { count: SHORTEST }));
    setBusy(true);
    const tried = await tryPin(store, pin);
    if ("opened" in tried) return opened(tried.opened);
    if (tried.left === 0) return gone();
    setPin("");
    setBusy(false);
    setWrong(ngettext("This is not the PIN. One try is left.", "This is not the PIN. %(count)s tries are left.", tried.left));
  };
  return (
    <form class="stack" onSubmit={(event) => void attempt(event)} noValidate>
      <Title>{_("Locked")}</Title>
      <PinField id="pin" label={_("PIN")} wrong={wrong} value={pin} typed={setPin} />
      <button class="button main large" aria-busy={busy}>
        {_("Open")}
      </button>
    </form>
  );
}
