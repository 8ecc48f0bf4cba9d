// Forms marked data-offline: what is sent is first kept on the device, then posted; without a connection it
// waits there and goes later. The form's own key (submission) lets the server take it once only. Forms marked
// data-draft keep what is being written at every pause.
import {
  dropDraft,
  dropSentDrafts,
  draftAt,
  keep,
  keepDraft,
  letGo,
  somethingWaits,
  waitingCalled,
  waitingOf,
  type Waiting,
  type Written,
} from "./offline_shelf";

const PAUSE = 800;
const RETRY = 20_000;
const NOT_WRITTEN = new Set(["csrfmiddlewaretoken", "submission", "revision"]);
// The field with what a form's page showed, by which the server tells what another changed since.
const SHOWN = "shown";
let busy = false;
let panel: HTMLElement;

const person = (): string => panel.dataset.person ?? "";
const word = (name: string): string => panel.dataset[name] ?? "";
const time = (at: string): string => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

function newKey(): string {
  // randomUUID is there over HTTPS only.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const address = (form: HTMLFormElement): string =>
  (form.getAttribute("action") || location.pathname).replace(/#.*$/, "");

// -- what stands in a form ----------------------------------------------------------------------------

function written(form: HTMLFormElement): Written {
  const fields: [string, string][] = [];
  const files: Written["files"] = [];
  for (const [field, value] of new FormData(form)) {
    if (typeof value === "string") fields.push([field, value]);
    else if (value.size) files.push({ field, name: value.name, content: value });
  }
  return { fields, files, at: new Date().toISOString() };
}

function fill(form: HTMLFormElement, what: Written): void {
  const left = what.fields.filter(([name]) => !NOT_WRITTEN.has(name));
  for (const control of form.elements) {
    if (control instanceof HTMLInputElement && (control.type === "radio" || control.type === "checkbox")) {
      if (left.some(([name]) => name === control.name))
        control.checked = left.some(([name, value]) => name === control.name && value === control.value);
    } else if (control instanceof HTMLInputElement && control.type === "file") {
      const own = what.files.filter((file) => file.field === control.name);
      if (!own.length) continue;
      const transfer = new DataTransfer();
      for (const file of own) transfer.items.add(new File([file.content], file.name, { type: file.content.type }));
      control.files = transfer.files;
    } else if (
      control instanceof HTMLInputElement ||
      control instanceof HTMLTextAreaElement ||
      control instanceof HTMLSelectElement
    ) {
      const place = left.findIndex(([name]) => name === control.name);
      if (place >= 0) control.value = left.splice(place, 1)[0]![1];
    }
  }
}

// -- sending ------------------------------------------------------------------------------------------

async function freshToken(): Promise<string> {
  const page = await fetch("/account", { cache: "no-store" });
  const parsed = new DOMParser().parseFromString(await page.text(), "text/html");
  return parsed.querySelector<HTMLInputElement>("[name=csrfmiddlewaretoken]")?.value ?? "";
}

async function post(one: Waiting, token = ""): Promise<Response> {
  const body = new FormData();
  for (const [field, value] of one.fields)
    body.append(field, field === "csrfmiddlewaretoken" && token ? token : value);
  for (const file of one.files) body.append(file.field, file.content, file.name);
  return fetch(one.url, { method: "POST", body, redirect: "follow", headers: { "X-Sent-By": one.person } });
}

// Why it was refused; and the fields as they go again: what the person is told of now counts as shown to him.
async function refusal(one: Waiting, answer: Response): Promise<Pick<Waiting, "reason" | "fields">> {
  const text = await answer.text();
  const { fields } = one;
  if (!(answer.headers.get("content-type") ?? "").includes("html")) return { reason: text.slice(0, 120), fields };
  const page = new DOMParser().parseFromString(text, "text/html");
  const told = ["main .alert-danger, main .problem, main [role=alert]", "main .invalid-feedback"];
  const parts = told.map((said) => (page.querySelector(said)?.textContent ?? "").replace(/\s+/g, " ").trim());
  const reason = [...new Set(parts)].filter(Boolean).join(" ").slice(0, 120);
  const shown = page.querySelector<HTMLInputElement>(`main [name=${SHOWN}]`)?.value;
  if (shown === undefined) return { reason, fields };
  return { reason, fields: fields.map(([name, value]) => [name, name === SHOWN ? shown : value]) };
}

// Where what was sent ended up; "" while it waits.
async function send(one: Waiting): Promise<string> {
  let answer: Response;
  try {
    answer = await post(one);
    // The page was opened long ago: its token is stale.
    if (answer.status === 403) answer = await post(one, await freshToken());
  } catch {
    return "";
  }
  const went = answer.headers.get("X-Went-To");
  const where = new URL(went ?? answer.url, location.href);
  const path = where.pathname;
  if (answer.headers.get("X-Signed-Out") || path.startsWith("/sign-in")) {
    await keep({ ...one, trouble: "signin", reason: "" });
  } else if (answer.headers.get("X-Sent-By") === "other") {
    await keep({ ...one, trouble: "other", reason: "" });
  } else if (answer.ok && went) {
    await letGo(one.key);
    return where.href;
  } else if (answer.status < 500) {
    await keep({ ...one, ...(await refusal(one, answer)), trouble: "refused" });
  }
  return "";
}

async function sendAll(): Promise<void> {
  if (busy || !navigator.onLine) return show();
  busy = true;
  try {
    for (const one of await waitingOf(person())) {
      if (one.trouble === "refused") continue; // a person has to change it first
      said(`${word("wordsSending")} ${one.title}`);
      const where = await send(one);
      said(where ? `${word("wordsSent")} ${one.title}` : "", where);
    }
  } finally {
    busy = false;
    await show();
  }
}

// -- what the person sees -----------------------------------------------------------------------------

function said(text: string, where = ""): void {
  const place = panel.querySelector<HTMLElement>("[data-queue-state]");
  if (!place) return;
  place.textContent = text;
  if (where) {
    const link = document.createElement("a");
    link.href = where;
    link.textContent = ` ${word("wordsOpen")}`;
    place.append(link);
  }
  panel.hidden = !text && !panel.querySelector("li");
  // What has arrived is good news; what still waits is not.
  panel.classList.toggle("arrived", where !== "" && !panel.querySelector("li"));
}

function button(text: string, act: () => void): HTMLButtonElement {
  const control = document.createElement("button");
  control.type = "button";
  control.className = "btn btn-sm";
  control.textContent = text;
  control.addEventListener("click", act);
  return control;
}

function row(one: Waiting): HTMLElement {
  const item = document.createElement("li");
  const why = { "": "wordsKept", signin: "wordsSignin", other: "wordsSignin", refused: "wordsRefused" }[one.trouble];
  const text = document.createElement("span");
  const size = one.files.length ? ` · ${word("wordsFiles").replace("{n}", String(one.files.length))}` : "";
  text.textContent = `${one.title} · ${time(one.at)}${size} · ${word(why)}${one.reason ? `：${one.reason}` : ""}`;
  const change = document.createElement("a");
  change.className = "btn btn-sm";
  change.href = `${one.page}#waiting=${one.key}`;
  change.textContent = word("wordsChange");
  const drop = button(word("wordsDrop"), () => {
    if (window.confirm(word("wordsDropSure"))) void letGo(one.key).then(show);
  });
  item.append(text, ...(one.trouble === "refused" ? [change] : []), drop);
  return item;
}

async function show(): Promise<void> {
  const list = panel.querySelector<HTMLElement>("[data-queue-rows]");
  if (!list) return;
  const rows = await waitingOf(person());
  list.replaceChildren(...rows.map(row));
  if (rows.length) panel.classList.remove("arrived");
  else if (panel.querySelector("[data-queue-state] a")) panel.classList.add("arrived");
  panel.hidden = rows.length === 0 && !panel.querySelector("[data-queue-state]")?.textContent;
}

function locate(form: HTMLFormElement): void {
  if (!form.querySelector("[data-place]")) return;
  navigator.geolocation?.getCurrentPosition(
    ({ coords }) => {
      const set = (name: string, value: number) => {
        const field = form.querySelector<HTMLInputElement>(`[data-place=${name}]`);
        if (field && !field.value) field.value = value.toFixed(6);
      };
      set("lon", coords.longitude);
      set("lat", coords.latitude);
    },
    () => {
      const state = form.querySelector<HTMLElement>("[data-place-state]");
      if (state?.dataset.nowhere) state.textContent = state.dataset.nowhere;
    },
    { enableHighAccuracy: true, timeout: 10_000 },
  );
}

// Over plain HTTP under a name, browsers give a page neither its position nor a place to be kept.
function warnWithoutHttps(form: HTMLFormElement): void {
  if (window.isSecureContext) return;
  const hint = document.createElement("p");
  hint.className = "hint warn-text";
  hint.textContent = word("wordsInsecure");
  form.prepend(hint);
}

async function atHand(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("/worker.js");
  const ready = await navigator.serviceWorker.ready;
  const parts = performance.getEntriesByType("resource").map((entry) => entry.name);
  const own = parts.filter((name) => new URL(name).pathname.startsWith("/static/"));
  ready.active?.postMessage({ keep: [location.pathname, ...own] });
}

// -- drafts -------------------------------------------------------------------------------------------

function keepDrafts(form: HTMLFormElement): void {
  const place = `${person()} ${address(form)}`;
  let timer = 0;
  const state = document.createElement("p");
  state.className = "hint draft-state";
  state.setAttribute("role", "status");
  form.append(state);
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      const draft = { ...written(form), place, sent: false };
      // A video would be copied at every pause.
      if (!("offline" in form.dataset)) draft.files = [];
      void keepDraft(draft).then(() => (state.textContent = `${word("wordsDraft")} ${time(draft.at)}`));
    }, PAUSE);
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    void keepDraft({ ...written(form), files: [], place, sent: true });
  });
  void draftAt(place).then((draft) => {
    // What came back with its mistakes named is newer than the draft.
    if (!draft || form.querySelector(".alert-danger, .problem, [role=alert]") || location.hash) return;
    fill(form, draft);
    state.textContent = `${word("wordsDraftBack")} ${time(draft.at)} `;
    state.append(
      button(word("wordsDraftClear"), () => {
        form.reset();
        state.textContent = "";
        void dropDraft(place);
      }),
    );
  });
}

// -- forms --------------------------------------------------------------------------------------------

function titleOf(form: HTMLFormElement): string {
  const chosen = form.querySelector<HTMLInputElement>("input[type=radio]:checked")?.parentElement?.textContent?.trim();
  const step = form.closest("details")?.querySelector("summary strong")?.textContent?.trim();
  // The name alone: where the matter stood is not part of it.
  const head = document.querySelector("h1")?.cloneNode(true) as HTMLElement | undefined;
  head?.querySelectorAll(".chip, [data-live]").forEach((mark) => mark.remove());
  const heading = head?.textContent?.replace(/\s+/g, " ").trim();
  return [step ?? chosen, heading].filter(Boolean).join(" · ");
}

async function startForm(form: HTMLFormElement): Promise<void> {
  const key = form.querySelector<HTMLInputElement>("[name=submission]");
  if (key) key.value = newKey(); // several forms of one page would share the one it was drawn with
  locate(form);
  warnWithoutHttps(form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const field = form.querySelector<HTMLInputElement>("[data-device-time]");
    if (field) field.value = new Date().toISOString();
    const one: Waiting = {
      ...written(form),
      key: key?.value ?? newKey(),
      person: person(),
      url: address(form),
      page: location.pathname,
      title: titleOf(form),
      trouble: "",
      reason: "",
    };
    said(word("wordsSending"));
    void keep(one).then(async () => {
      const where = navigator.onLine ? await send(one) : "";
      const after = await waitingCalled(one.key);
      if (where) {
        await dropDraft(`${person()} ${address(form)}`);
        location.assign(where);
        return;
      }
      if (after?.trouble === "refused") {
        // The form still stands there as it was written; the queue says why.
        const shown = form.querySelector<HTMLInputElement>(`[name=${SHOWN}]`);
        if (shown) shown.value = after.fields.find(([name]) => name === SHOWN)?.[1] ?? "";
        await letGo(one.key);
        await show();
        for (const folded of form.querySelectorAll("details")) folded.open = true;
        said(`${word("wordsRefused")}${after.reason ? `：${after.reason}` : ""}`);
        panel.scrollIntoView({ block: "center" });
        return;
      }
      await dropDraft(`${person()} ${address(form)}`);
      form.reset();
      if (key) key.value = newKey();
      locate(form);
      said("");
      await show();
      panel.scrollIntoView({ block: "center" });
    });
  });
  const asked = /^#waiting=(\w+)/.exec(location.hash)?.[1];
  const again = asked ? await waitingCalled(asked) : undefined;
  if (again && again.person === person() && again.url === address(form)) {
    form.closest("details")?.setAttribute("open", "");
    fill(form, again);
    await letGo(again.key);
    await show();
  }
}

export function startOffline(root: ParentNode): void {
  const found = document.querySelector<HTMLElement>("[data-queue]");
  if (!found) return;
  panel = found;
  for (const form of root.querySelectorAll<HTMLFormElement>("form[data-offline]")) void startForm(form);
  for (const form of root.querySelectorAll<HTMLFormElement>("form[data-draft], form[data-offline]")) keepDrafts(form);
  if (document.querySelector("main .alert-success")) void dropSentDrafts(person());
  if (root.querySelector("form[data-offline]")) void atHand();
  window.addEventListener("online", () => void sendAll());
  window.setInterval(() => void (somethingWaits() ? sendAll() : undefined), RETRY);
  void sendAll();
}
