// Keeps the pages for work outside at hand without a connection: the network first, then what was kept.
/// <reference lib="webworker" />
const worker = self as unknown as ServiceWorkerGlobalScope;
const KEPT = "field-1";

worker.addEventListener("install", () => void worker.skipWaiting());
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener("message", (event) => {
  const urls = (event.data as { keep?: string[] }).keep ?? [];
  event.waitUntil(
    caches.open(KEPT).then((kept) =>
      Promise.all(urls.map((url) => kept.add(url).catch(() => undefined))),
    ),
  );
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const path = new URL(request.url).pathname;
  // Signing in or out on this device: nobody finds another's page.
  if (path.startsWith("/sign-")) event.waitUntil(caches.delete(KEPT));
  if (request.method !== "GET") return;
  if (path.startsWith("/static/")) {
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
  } else if (request.mode === "navigate") {
    event.respondWith(
      fetch(request).catch(async () => (await caches.match(path)) ?? Response.error()),
    );
  }
});
