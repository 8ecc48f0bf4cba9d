// What a device keeps by itself: forms that wait to be sent, and drafts. Everything belongs to one person;
// nobody else who signs in on the same device sees or sends it.

export interface Written {
  fields: [string, string][];
  files: { field: string; name: string; content: Blob }[];
  at: string;
}

export interface Waiting extends Written {
  key: string;
  person: string;
  url: string;
  /** The page its form stands on, to open it again. */
  page: string;
  title: string;
  trouble: "" | "signin" | "other" | "refused";
  reason: string;
}

export interface Draft extends Written {
  /** Person and address of the form. */
  place: string;
  sent: boolean;
}

// Pages look for something waiting without opening the database: the first page stays light.
const FLAG = "ecoledger-waiting";

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("ecoledger", 2);
    request.onupgradeneeded = () => {
      const database = request.result;
      if (!database.objectStoreNames.contains("waiting")) database.createObjectStore("waiting", { keyPath: "key" });
      if (!database.objectStoreNames.contains("drafts")) database.createObjectStore("drafts", { keyPath: "place" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function work<T>(shelf: string, mode: IDBTransactionMode, ask: (s: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await opened();
  return new Promise<T>((resolve, reject) => {
    const transaction = database.transaction(shelf, mode);
    const request = ask(transaction.objectStore(shelf));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  }).finally(() => database.close());
}

/** What waits of one person, oldest first. */
export async function waitingOf(person: string): Promise<Waiting[]> {
  const all = await work<Waiting[]>("waiting", "readonly", (s) => s.getAll());
  if (all.length) localStorage.setItem(FLAG, "1");
  else localStorage.removeItem(FLAG);
  return all.filter((one) => one.person === person).sort((a, b) => a.at.localeCompare(b.at));
}

export const somethingWaits = (): boolean => localStorage.getItem(FLAG) !== null;
export const waitingCalled = (key: string) => work<Waiting | undefined>("waiting", "readonly", (s) => s.get(key));
export const letGo = (key: string) => work("waiting", "readwrite", (s) => s.delete(key));

export async function keep(one: Waiting): Promise<void> {
  await work("waiting", "readwrite", (s) => s.put(one));
  localStorage.setItem(FLAG, "1");
}

export const draftAt = (place: string) => work<Draft | undefined>("drafts", "readonly", (s) => s.get(place));
export const keepDraft = (draft: Draft) => work("drafts", "readwrite", (s) => s.put(draft));
export const dropDraft = (place: string) => work("drafts", "readwrite", (s) => s.delete(place));

/** Drafts whose form was sent and taken. */
export async function dropSentDrafts(person: string): Promise<void> {
  const all = await work<Draft[]>("drafts", "readonly", (s) => s.getAll());
  for (const one of all) if (one.sent && one.place.startsWith(`${person} `)) await dropDraft(one.place);
}
