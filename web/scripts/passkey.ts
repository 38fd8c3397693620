// Passkeys: the browser asks the device, on the page of sign-in and on that of one's passkeys.
import { element, read } from "./map/page";

type Text = "refused" | "stopped" | "there" | "often" | "lost" | "password" | "code";

interface Described {
  id: string;
  type: "public-key";
}

interface Options {
  challenge: string;
  timeout: number;
}

interface SignInOptions extends Options {
  rpId: string;
  userVerification: UserVerificationRequirement;
}

interface NewOptions extends Options {
  rp: PublicKeyCredentialRpEntity;
  user: { id: string; name: string; displayName: string };
  pubKeyCredParams: PublicKeyCredentialParameters[];
  excludeCredentials: Described[];
  authenticatorSelection: AuthenticatorSelectionCriteria;
}

interface Problem {
  errors?: { where: string }[];
}

class Refused extends Error {
  constructor(readonly status: number, readonly problem: Problem) {
    super();
  }
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
}

function text(content: ArrayBuffer | null): string {
  const signs = Array.from(new Uint8Array(content ?? new ArrayBuffer(0)), (each) => String.fromCharCode(each));
  return btoa(signs.join("")).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function post<Answer>(path: string, body: unknown): Promise<Answer> {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body), cache: "no-store" });
  const content: unknown = await answer.json();
  if (!answer.ok) throw new Refused(answer.status, content as Problem);
  return content as Answer;
}

async function ask(): Promise<void> {
  const given = await post<SignInOptions>("/api/v1/session/passkey/challenge", {});
  const publicKey = { ...given, challenge: bytes(given.challenge) };
  const shown = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
  const response = shown.response as AuthenticatorAssertionResponse;
  await post("/api/v1/session/passkey", {
    credential: {
      id: shown.id,
      rawId: text(shown.rawId),
      type: shown.type,
      response: {
        clientDataJSON: text(response.clientDataJSON),
        authenticatorData: text(response.authenticatorData),
        signature: text(response.signature),
        userHandle: text(response.userHandle),
      },
    },
  });
}

async function make(name: string, proof: Record<string, string>): Promise<void> {
  const given = await post<NewOptions>("/api/v1/passkeys/challenge", proof);
  const publicKey = {
    ...given,
    challenge: bytes(given.challenge),
    user: { ...given.user, id: bytes(given.user.id) },
    excludeCredentials: given.excludeCredentials.map((each) => ({ ...each, id: bytes(each.id) })),
  };
  const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
  const response = made.response as AuthenticatorAttestationResponse;
  const signed = { clientDataJSON: text(response.clientDataJSON), attestationObject: text(response.attestationObject) };
  const credential = { id: made.id, rawId: text(made.rawId), type: made.type, response: signed };
  await post("/api/v1/passkeys", { name, credential });
}

function words(fault: unknown): Text {
  if (fault instanceof Refused) {
    if (fault.status === 429) return "often";
    const where = fault.problem.errors?.[0]?.where;
    return where === "body.password" ? "password" : where === "body.code" ? "code" : "refused";
  }
  if (fault instanceof DOMException) return fault.name === "InvalidStateError" ? "there" : "stopped";
  return "lost";
}

/** Runs it once at a time, and says what went wrong. */
async function during(button: HTMLElement, act: () => Promise<void>): Promise<boolean> {
  const warning = element("passkey-wrong");
  if (button.getAttribute("aria-busy") === "true") return false;
  button.setAttribute("aria-busy", "true");
  warning.hidden = true;
  try {
    await act();
    return true;
  } catch (fault) {
    const texts = read<Partial<Record<Text, string>>>("texts");
    warning.textContent = texts[words(fault)] ?? texts.refused ?? "";
    warning.hidden = false;
    return false;
  } finally {
    button.removeAttribute("aria-busy");
  }
}

/** A passkey is good at one origin: elsewhere the browser would refuse, so nothing is offered. */
function isGoodHere(box: HTMLElement): boolean {
  return "PublicKeyCredential" in window && box.dataset["origin"] === location.origin;
}

const door = document.getElementById("passkey");
if (door && isGoodHere(door)) {
  door.hidden = false;
  const button = element("use-passkey");
  button.addEventListener("click", () => {
    void during(button, ask).then((signedIn) => {
      if (signedIn) location.assign(`/sign-in?${new URLSearchParams({ next: door.dataset["next"] ?? "/" })}`);
    });
  });
}

const form = document.getElementById("new-passkey") as HTMLFormElement | null;
if (form && isGoodHere(form)) {
  form.hidden = false;
  element("no-passkey").hidden = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { name = "", ...proof } = Object.fromEntries(new FormData(form)) as Record<string, string>;
    const button = form.querySelector("button") as HTMLElement;
    void during(button, () => make(name, proof)).then((added) => {
      if (added) location.assign("/account/passkeys?done=added");
    });
  });
}
