// Which screen is shown, and what moves between them.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { SIGNED_OUT } from "./ask";
import { type Position, allowedPosition, askPosition } from "./distance";
import { Drain, type Outcome } from "./drain";
import { Install } from "./install";
import { LOCKS_AFTER_MS, type Opened, hasLock } from "./lock";
import { type Found, LogVisit } from "./log";
import { Leave, Outbox, SignIn } from "./outbox";
import { ChoosePin, Unlock } from "./pin";
import { UNDO_MS, waiting } from "./queue";
import { age, waits } from "./say";
import { type Session, begin, fetchFirst, logVisit, renew, undo } from "./session";
import { useShell } from "./shell";
import { type Fetched, type Site, ageOut, fetchSlice } from "./slice";
import { type Queued, type Store, checkWritable, setting } from "./store";
import { Title } from "./title";
import { Tonight, nameOf } from "./tonight";
import { _ } from "./words";

type Stage = "starting" | "sign-in" | "not-yours" | "no-connection" | "choose" | "locked" | "open";
type Screen = { at: "tonight" | "outbox" | "leave" } | { at: "log"; site: Site };
interface Saved {
  id: string;
  site: Site;
}

const choices = JSON.parse(document.getElementById("choices")?.textContent ?? "{}") as {
  outcomes: Record<string, string>;
  bands: Record<string, string>;
};
const MINUTE_MS = 60_000;
const FULL = _("This could not be saved: the phone has no space left. Free some, then try again.");

export function Phone({ store }: { store: Store }): JSX.Element {
  const [stage, setStage] = useState<Stage>("starting");
  const [screen, setScreen] = useState<Screen>({ at: location.hash === "#leave" ? "leave" : "tonight" });
  const [session, setSession] = useState<Session | null>(null);
  const [counted, setItems] = useState<Queued[] | null>(null);
  const items = counted ?? [];
  const [outcome, setOutcome] = useState<Outcome>("idle");
  const [told, setTold] = useState("");
  const [saved, setSaved] = useState<Saved | null>(null);
  const [position, setPosition] = useState<Position | null>(null);
  const first = useRef<Fetched>("no-connection");
  const touched = useRef(Date.now());
  const shell = useShell();

  const recount = async (): Promise<void> => setItems(await waiting(store));
  const [drain] = useState(() => new Drain(store, (found) => (setOutcome(found), void recount())));

  const start = async (): Promise<void> => {
    setSession(null);
    if (await setting<boolean>(store, "leave")) await drain.now();
    if (await setting<boolean>(store, "leave")) return setStage("no-connection");
    if (await hasLock(store)) return setStage("locked");
    first.current = await fetchFirst(store);
    setStage(typeof first.current === "string" ? first.current : "choose");
  };
  const lock = (): void => {
    setSession(null);
    setSaved(null);
    setPosition(null);
    setScreen({ at: "tonight" });
    setStage((now) => (now === "open" ? "locked" : now));
  };

  useEffect(() => {
    void ageOut(store);
    void recount();
    drain.begin();
    void start();
    const touch = (): void => void (touched.current = Date.now());
    const look = (): void => {
      void ageOut(store).then((expired) => expired && setSession((now) => now && !now.empty ? { ...now, held: null } : now));
      if (Date.now() - touched.current > LOCKS_AFTER_MS) lock();
      void recount();
    };
    const timer = setInterval(look, MINUTE_MS / 6);
    for (const name of ["pointerdown", "keydown", "input"]) addEventListener(name, touch);
    document.addEventListener("visibilitychange", look);
    addEventListener(SIGNED_OUT, () => (lock(), void start()));
    return () => clearInterval(timer);
  }, []);

  const canRenew = shell.ready && counted?.length === 0 && stage === "locked";
  useEffect(() => {
    if (canRenew) shell.use();
  }, [canRenew]);

  const opened = async (found: Opened, fetched?: Fetched): Promise<void> => {
    touched.current = Date.now();
    let now = await begin(store, found);
    if (fetched) now = await renew(store, now, fetched);
    setSession(now);
    setStage("open");
    if (found.empty) return;
    void allowedPosition().then(setPosition);
    if (!fetched) await refresh(now);
  };
  const refresh = async (now: Session): Promise<void> => {
    const fetched = await fetchSlice(store);
    setTold(fetched === "sign-in" ? "sign-in" : "");
    const renewed = await renew(store, now, fetched);
    setSession((still) => still && (still.key === now.key ? { ...renewed, held: renewed.held && merged(renewed, still) } : still));
  };
  const log = async (site: Site): Promise<void> => {
    setSaved(null);
    setTold("");
    try {
      await checkWritable(store);
      setScreen({ at: "log", site });
    } catch {
      setTold(FULL);
    }
  };
  const save = async (site: Site, found: Found): Promise<string> => {
    if (!session) return "";
    try {
      const [id, now] = await logVisit(store, session, site, found);
      setSession(now);
      setSaved({ id, site });
      setScreen({ at: "tonight" });
      drain.soon(UNDO_MS);
      setTimeout(() => setSaved((last) => (last?.id === id ? null : last)), UNDO_MS);
      await recount();
      return "";
    } catch {
      return _(FULL);
    }
  };
  const back = async (last: Saved): Promise<void> => {
    setSaved(null);
    if (session) setSession(await undo(store, session, last.id, last.site));
    await recount();
  };
  const drop = async (item: Queued): Promise<void> => {
    await store.delete("queue", item.id);
    await recount();
  };
  const leave = async (): Promise<boolean> => {
    try {
      if (!(await fetch("/api/v1/session", { method: "DELETE" })).ok) return false;
      location.replace("/sign-in");
      return true;
    } catch {
      return false;
    }
  };

  const home = (): void => setScreen({ at: "tonight" });
  return (
    <>
      <div class="bar">
        <button class="button" type="button" disabled={screen.at === "log"} onClick={() => setScreen({ at: "outbox" })}>
          {counted ? waits(items) : _("One moment …")}
        </button>
        {stage === "open" && (
          <button class="button" type="button" onClick={lock}>
            {_("Lock")}
          </button>
        )}
      </div>
      {shell.ready && !canRenew && (
        <p class="note">
          {_("A new version is ready.")}{" "}
          <button class="button" type="button" onClick={shell.use}>
            {_("Use it now")}
          </button>
        </p>
      )}
      {told && (
        <p class="note warn" role="alert">
          {told === "sign-in" ? (
            <>
              {_("You are not signed in: this is the copy on the phone.")} <SignIn />
            </>
          ) : (
            _(told)
          )}
        </p>
      )}
      {saved && (
        <p class="note good" role="status">
          {_("Saved on this phone: %(name)s.", { name: nameOf(saved.site) })}{" "}
          <button class="button" type="button" onClick={() => void back(saved)}>
            {_("Undo")}
          </button>
        </p>
      )}
      {screen.at === "outbox" ? (
        <Outbox items={items} outcome={outcome} send={() => drain.soon()} drop={(item) => void drop(item)} back={home} />
      ) : screen.at === "leave" ? (
        <Leave items={items} send={() => drain.soon()} leave={leave} back={home} />
      ) : stage === "open" && session ? (
        <Open session={session} screen={screen} position={position} log={log} save={save} back={home} locate={() => void askPosition().then(setPosition)} leave={() => setScreen({ at: "leave" })} />
      ) : (
        <Closed stage={stage} store={store} first={first.current} opened={opened} gone={() => void start()} />
      )}
    </>
  );
}

// What was logged while the slice was on its way stays marked.
function merged(renewed: Session, still: Session): Session["held"] {
  const held = renewed.held;
  return held && { ...held, slice: { ...held.slice, logged: { ...held.slice.logged, ...still.held?.slice.logged } } };
}

function Open(props: {
  session: Session;
  screen: Screen;
  position: Position | null;
  log(site: Site): Promise<void>;
  save(site: Site, found: Found): Promise<string>;
  back(): void;
  locate(): void;
  leave(): void;
}): JSX.Element {
  const { held, empty } = props.session;
  const { screen } = props;
  if (screen.at === "log")
    return <LogVisit {...choices} site={screen.site} save={(found) => props.save(screen.site, found)} back={props.back} />;
  return (
    <>
      {held ? (
        <Tonight slice={held.slice} position={props.position} outcomes={choices.outcomes} log={(site) => void props.log(site)} locate={props.locate} />
      ) : (
        <div class="note warn">
          <Title>{_("The copy on this phone has expired")}</Title>
          <p>{_("It was older than 72 hours and was deleted. Open the app with a connection to fetch a new one. What waits to be sent is still here.")}</p>
        </div>
      )}
      {held && !empty && <p class="quiet">{_("Copy of %(age)s ago. It is kept for 72 hours.", { age: age(held.fetchedAt) })}</p>}
      <Install />
      <div class="row">
        <button class="button" type="button" onClick={props.leave}>
          {_("Sign out")}
        </button>
      </div>
    </>
  );
}

function Closed(props: { stage: Stage; store: Store; first: Fetched; opened(found: Opened, fetched?: Fetched): Promise<void>; gone(): void }): JSX.Element {
  switch (props.stage) {
    case "choose":
      return <ChoosePin store={props.store} chosen={(found) => props.opened(found, props.first)} />;
    case "locked":
      return <Unlock store={props.store} opened={props.opened} gone={props.gone} />;
    case "sign-in":
      return (
        <>
          <Title>{_("Sign in")}</Title>
          <p>{_("Sign in once with a connection. After that the app opens without one.")}</p>
          <SignIn />
        </>
      );
    case "not-yours":
      return (
        <>
          <Title>{_("This is for streetworkers")}</Title>
          <p>{_("Your role here has no areas to look after.")}</p>
        </>
      );
    case "no-connection":
      return (
        <>
          <Title>{_("No connection")}</Title>
          <p>{_("The app needs one to begin with. Try again where there is signal.")}</p>
          <button class="button main large" type="button" onClick={props.gone}>
            {_("Try again")}
          </button>
        </>
      );
    default:
      return <p>{_("One moment …")}</p>;
  }
}
