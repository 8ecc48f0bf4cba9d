// The search palette: Ctrl-K or "/" opens it anywhere; arrows choose, Enter opens. The server does the finding.

const PAUSE = 90;

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}

class Palette {
  private readonly input: HTMLInputElement;
  private readonly hits: HTMLElement;
  private chosen = -1;
  private timer = 0;
  private asked = 0;

  constructor(private readonly dialog: HTMLDialogElement) {
    this.input = dialog.querySelector("input") as HTMLInputElement;
    this.hits = dialog.querySelector("[data-hits]") as HTMLElement;
    this.input.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => void this.ask(), PAUSE);
    });
    dialog.addEventListener("keydown", (event) => this.onKey(event));
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }

  open(): void {
    if (!this.dialog.open) this.dialog.showModal();
    this.input.select();
    void this.ask();
  }

  private async ask(): Promise<void> {
    const turn = ++this.asked;
    const address = `${this.dialog.dataset.find ?? ""}?q=${encodeURIComponent(this.input.value.trim())}`;
    const response = await fetch(address, { headers: { "HX-Request": "true" } });
    // An answer that comes after a later question's is old.
    if (!response.ok || turn !== this.asked) return;
    this.hits.innerHTML = await response.text();
    this.choose(this.input.value ? 0 : -1);
  }

  private links(): HTMLAnchorElement[] {
    return [...this.hits.querySelectorAll<HTMLAnchorElement>("a")];
  }

  private choose(index: number): void {
    const links = this.links();
    this.chosen = links.length ? Math.max(-1, Math.min(index, links.length - 1)) : -1;
    links.forEach((link, at) => {
      link.setAttribute("aria-selected", String(at === this.chosen));
      if (at === this.chosen) {
        link.scrollIntoView({ block: "nearest" });
        this.input.setAttribute("aria-activedescendant", link.id);
      }
    });
  }

  private onKey(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") this.choose(this.chosen + 1);
    else if (event.key === "ArrowUp") this.choose(this.chosen - 1);
    else if (event.key === "Enter") {
      const link = this.links()[Math.max(this.chosen, 0)];
      if (link) location.href = link.href;
    } else return;
    event.preventDefault();
  }
}

export function startPalette(): void {
  const dialog = document.querySelector<HTMLDialogElement>("dialog.palette");
  if (!dialog) return;
  const palette = new Palette(dialog);
  document.addEventListener("keydown", (event) => {
    const ctrlK = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
    if (!ctrlK && (event.key !== "/" || isTyping(event.target))) return;
    event.preventDefault();
    palette.open();
  });
  document.addEventListener("click", (event) => {
    if (!(event.target as HTMLElement).closest("[data-find-open]")) return;
    event.preventDefault();
    palette.open();
  });
}
