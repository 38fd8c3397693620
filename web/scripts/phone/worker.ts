// The service worker: keeps the shell, so that the app opens without a connection. Never an answer of the API.
// Before this stands `const SHELL = {…};`, which the server writes: a new build is a new worker.
declare const SHELL: { version: string; page: string; files: string[] };

interface Extendable extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface Fetching extends Extendable {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Worker {
  addEventListener(name: "install" | "activate", heard: (event: Extendable) => void): void;
  addEventListener(name: "fetch", heard: (event: Fetching) => void): void;
  addEventListener(name: "message", heard: (event: MessageEvent) => void): void;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
}

const worker = self as unknown as Worker;
const NAMED = "lantern-shell-";
const CACHE = NAMED + SHELL.version;

worker.addEventListener("install", (event) => event.waitUntil(install()));
worker.addEventListener("activate", (event) => event.waitUntil(activate()));
worker.addEventListener("message", (event) => {
  if (event.data === "use-it-now") void worker.skipWaiting();
});
worker.addEventListener("fetch", (event) => {
  const at = new URL(event.request.url);
  if (event.request.method !== "GET" || at.origin !== self.location.origin) return;
  const wanted = at.pathname === SHELL.page ? SHELL.page : at.pathname + at.search;
  if (wanted === SHELL.page || SHELL.files.includes(wanted)) event.respondWith(answer(wanted, event.request));
});

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll([SHELL.page, ...SHELL.files].map((path) => new Request(path, { cache: "reload" })));
}

async function activate(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith(NAMED) && name !== CACHE) await caches.delete(name);
  await worker.clients.claim();
}

async function answer(wanted: string, request: Request): Promise<Response> {
  const kept = await (await caches.open(CACHE)).match(wanted);
  return kept ?? fetch(request);
}

export {};
