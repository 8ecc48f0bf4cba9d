// Forms marked data-offline: what is sent is first kept on the device, then posted; without a connection it
// waits there and goes later. The form's own key (submission) lets the server take it once only.

interface Kept {
  key: string;
  url: string;
  title: string;
  fields: [string, string][];
  files: { field: string; name: string; content: Blob }[];
  at: string;
  trouble: "" | "signin" | "refused";
}

const STORE = "waiting";
let words: DOMStringMap = {};
let busy = false;

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("ecoledger", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "key" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function store<T>(mode: IDBTransactionMode, work: (s: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await opened();
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, mode);
    const request = work(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error);
  });
}

const waiting = (): Promise<Kept[]> => store("readonly", (s) => s.getAll() as IDBRequest<Kept[]>);
const keep = (one: Kept) => store("readwrite", (s) => s.put(one));
const drop = (key: string) => store("readwrite", (s) => s.delete(key));

function newKey(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

function read(form: HTMLFormElement): Kept {
  const fields: [string, string][] = [];
  const files: Kept["files"] = [];
  for (const [field, value] of new FormData(form)) {
    if (typeof value === "string") fields.push([field, value]);
    else if (value.size) files.push({ field, name: value.name, content: value });
  }
  const chosen = form.querySelector<HTMLInputElement>("input[type=radio]:checked");
  return {
    key: String(new FormData(form).get("submission") ?? newKey()),
    url: form.getAttribute("action") || location.pathname,
    title: chosen?.parentElement?.textContent?.trim() || document.title,
    fields,
    files,
    at: new Date().toISOString(),
    trouble: "",
  };
}

async function freshToken(url: string): Promise<string> {
  const page = await fetch(url, { cache: "no-store" });
  const parsed = new DOMParser().parseFromString(await page.text(), "text/html");
  return parsed.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value ?? "";
}

async function post(one: Kept, token = ""): Promise<Response> {
  const body = new FormData();
  for (const [field, value] of one.fields) {
    body.append(field, field === "csrfmiddlewaretoken" && token ? token : value);
  }
  for (const file of one.files) body.append(file.field, file.content, file.name);
  return fetch(one.url, { method: "POST", body, redirect: "follow" });
}

// Where what was sent ended up; "" while it waits.
async function send(one: Kept): Promise<string> {
  let answer: Response;
  try {
    answer = await post(one);
    // The page was opened long ago: its token is stale.
    if (answer.status === 403) answer = await post(one, await freshToken(one.url));
  } catch {
    return "";
  }
  const path = new URL(answer.url).pathname;
  if (path.startsWith("/sign-in")) {
    await keep({ ...one, trouble: "signin" });
    return "";
  }
  if (answer.ok && answer.redirected && path !== new URL(one.url, location.href).pathname) {
    await drop(one.key);
    return answer.url;
  }
  if (answer.status < 500) await keep({ ...one, trouble: "refused" });
  return "";
}

async function sendAll(): Promise<void> {
  if (busy || !navigator.onLine) return show();
  busy = true;
  try {
    for (const one of await waiting()) {
      const where = await send(one);
      if (where) said(`${words.wordsSent ?? ""} ${one.title}`, where);
    }
  } finally {
    busy = false;
    await show();
  }
}

function said(text: string, where = ""): void {
  const place = document.querySelector<HTMLElement>("[data-queue-state]");
  if (!place) return;
  place.textContent = text;
  if (where) {
    const link = document.createElement("a");
    link.href = where;
    link.textContent = " →";
    place.append(link);
  }
}

async function show(): Promise<void> {
  const list = document.querySelector<HTMLElement>("[data-queue]");
  if (!list) return;
  const rows = await waiting();
  list.hidden = rows.length === 0;
  list.replaceChildren(
    ...rows.map((one) => {
      const item = document.createElement("li");
      const why = one.trouble === "signin" ? words.wordsSignin : one.trouble ? words.wordsRefused : words.wordsKept;
      item.textContent = `${one.title} · ${new Date(one.at).toLocaleTimeString()} · ${why ?? ""}`;
      return item;
    }),
  );
}

function locate(form: HTMLFormElement): void {
  navigator.geolocation?.getCurrentPosition(
    (found) => {
      const set = (name: string, value: number) => {
        const field = form.querySelector<HTMLInputElement>(`[data-place=${name}]`);
        if (field) field.value = value.toFixed(6);
      };
      set("lon", found.coords.longitude);
      set("lat", found.coords.latitude);
    },
    () => undefined,
    { enableHighAccuracy: true, timeout: 10_000 },
  );
}

async function atHand(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("/worker.js");
  const ready = await navigator.serviceWorker.ready;
  const parts = performance.getEntriesByType("resource").map((entry) => entry.name);
  const own = parts.filter((name) => new URL(name).pathname.startsWith("/static/"));
  ready.active?.postMessage({ keep: [location.pathname, ...own] });
}

export function startOffline(form: HTMLFormElement): void {
  words = form.dataset;
  locate(form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const time = form.querySelector<HTMLInputElement>("[data-device-time]");
    if (time) time.value = new Date().toISOString();
    const one = read(form);
    said(words.wordsSending ?? "");
    void keep(one).then(async () => {
      const where = navigator.onLine ? await send(one) : "";
      if (where) {
        location.assign(where);
        return;
      }
      const key = form.querySelector<HTMLInputElement>("[name=submission]");
      form.reset();
      if (key) key.value = newKey();
      locate(form);
      said("");
      await show();
    });
  });
  window.addEventListener("online", () => void sendAll());
  window.setInterval(() => void sendAll(), 20_000);
  void sendAll();
  void atHand();
}
