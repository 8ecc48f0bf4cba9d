// Keeps the pages for work outside at hand without a connection: the network first, then what was kept.
/// <reference lib="webworker" />
const worker = self as unknown as ServiceWorkerGlobalScope;
const KEPT = "field-1";

worker.addEventListener("install", () => void worker.skipWaiting());
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));

async function keep(url: string): Promise<void> {
  const answer = await fetch(url, { credentials: "same-origin" });
  // A sign-in page in place of the form would be kept as the form.
  if (answer.ok && !answer.redirected) await (await caches.open(KEPT)).put(url, answer);
}

worker.addEventListener("message", (event) => {
  const urls = (event.data as { keep?: string[] }).keep ?? [];
  event.waitUntil(Promise.all(urls.map((url) => keep(url).catch(() => undefined))));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const path = new URL(request.url).pathname;
  // Signing in or out on this device: nobody finds another's page.
  if (path.startsWith("/sign-") && request.mode === "navigate") event.waitUntil(caches.delete(KEPT));
  if (request.method !== "GET") return;
  if (path.startsWith("/static/")) {
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
  } else if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(async () => (await caches.match(path)) ?? Response.error()));
  }
});
