// The wall: pages turn by themselves, figures are fetched anew every minute; space pauses, arrows turn.
const TURN = 20_000;
const REFRESH = 60_000;

/** The bureau's clock, whatever zone the machine at the projector keeps. */
const CHINA = { timeZone: "Asia/Shanghai" } as const;

class Wall {
  private shown = 0;
  private paused = false;
  private since = Date.now();
  private freshAt = new Date();

  constructor(private readonly element: HTMLElement) {
    document.addEventListener("keydown", (event) => this.onKey(event));
    window.setInterval(() => this.tick(), 1000);
    window.setInterval(() => void this.refresh(), REFRESH);
    this.show(0);
  }

  private pages(): HTMLElement[] {
    return [...this.element.querySelectorAll<HTMLElement>("[data-wall-page]")];
  }

  private show(number: number): void {
    const pages = this.pages();
    this.shown = (number + pages.length) % pages.length;
    this.since = Date.now();
    pages.forEach((page, n) => (page.hidden = n !== this.shown));
    // A map is drawn when it has a size for the first time.
    const map = pages[this.shown]?.querySelector<HTMLElement>("[data-map]");
    if (map) void import("./map").then(({ startMap }) => startMap(map));
    const title = this.element.querySelector("[data-wall-title]");
    if (title) title.textContent = pages[this.shown]?.dataset.wallPage ?? "";
    this.element.querySelector("[data-wall-dots]")?.replaceChildren(
      ...pages.map((_page, n) => {
        const dot = document.createElement("i");
        dot.className = n === this.shown ? "on" : "";
        return dot;
      }),
    );
  }

  private tick(): void {
    const clock = this.element.querySelector("[data-wall-clock]");
    if (clock) {
      const form = new Intl.DateTimeFormat(document.documentElement.lang, {
        ...CHINA,
        month: "2-digit", day: "2-digit", weekday: "short", hour: "2-digit", minute: "2-digit",
      });
      const part = Object.fromEntries(form.formatToParts(new Date()).map(({ type, value }) => [type, value]));
      clock.textContent = `${part.month}-${part.day} ${part.weekday} ${part.hour}:${part.minute}`;
    }
    // What presses keeps its place.
    const held = this.pages()[this.shown]?.dataset.hold !== undefined;
    if (!this.paused && !held && Date.now() - this.since > TURN) this.show(this.shown + 1);
  }

  private async refresh(): Promise<void> {
    const state = this.element.querySelector<HTMLElement>("[data-wall-state]");
    try {
      const answer = await fetch(this.element.dataset.wall ?? "", { headers: { "X-Unattended": "1" } });
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      this.pages().forEach((page, n) => {
        const next = fresh.querySelectorAll<HTMLElement>("[data-wall-page]")[n];
        if (!next || page.dataset.wallKeep !== undefined) return;
        page.replaceChildren(...next.childNodes);
        if (next.dataset.hold === undefined) delete page.dataset.hold;
        else page.dataset.hold = "";
      });
      document.dispatchEvent(new Event("ecoledger:refresh"));
      this.freshAt = new Date();
      state?.classList.remove("warn-text");
      if (state) state.textContent = this.freshAt.toLocaleTimeString(document.documentElement.lang, CHINA);
    } catch {
      const at = this.freshAt.toLocaleTimeString(document.documentElement.lang, CHINA);
      if (state) state.textContent = (state.dataset.lost ?? "").replace("{at}", at);
      state?.classList.add("warn-text");
    }
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === " ") {
      event.preventDefault();
      this.paused = !this.paused;
      this.since = Date.now();
      const note = this.element.querySelector<HTMLElement>("[data-wall-paused]");
      if (note) note.hidden = !this.paused;
    } else if (event.key === "ArrowRight") this.show(this.shown + 1);
    else if (event.key === "ArrowLeft") this.show(this.shown - 1);
  }
}

export function startWall(element: HTMLElement): void {
  new Wall(element);
}
