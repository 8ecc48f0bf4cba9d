// The few controls that no server round trip is needed for.

function remember(name: string, value: string): void {
  document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=lax`;
}

function switchTheme(): void {
  const root = document.documentElement;
  const theme = root.dataset.bsTheme === "dark" ? "light" : "dark";
  root.dataset.bsTheme = theme;
  remember("theme", theme);
  document.dispatchEvent(new CustomEvent("ecoledger:theme"));
}

/** Rows with `data-href` open on a click anywhere that is not a control of its own. */
function openRow(event: MouseEvent): void {
  const target = event.target as HTMLElement;
  if (target.closest("a, button, input, select, label, summary")) return;
  const row = target.closest<HTMLElement>("[data-href]");
  if (row?.dataset.href && !window.getSelection()?.toString()) location.href = row.dataset.href;
}

/** A row offered by a look-up is chosen: its value is sent, its name is shown. */
function choose(row: HTMLElement): void {
  const lookup = row.closest<HTMLElement>("[data-lookup]");
  const value = lookup?.querySelector<HTMLInputElement>("[data-lookup-value]");
  const box = lookup?.querySelector<HTMLInputElement>("input[type=search]");
  if (!lookup || !value || !box) return;
  value.value = row.dataset.value ?? "";
  box.value = row.dataset.text ?? "";
  closeOffers(lookup);
  box.focus();
}

/** What a look-up offers lies over the fields below it: it goes away with Escape, with Tab and with a click elsewhere. */
function closeOffers(lookup: HTMLElement): void {
  lookup.querySelector(".lookup-rows")?.replaceChildren();
  lookup.querySelector("[role=combobox]")?.setAttribute("aria-expanded", "false");
  lookup.dataset.closed = "yes";
}

/** Escape closes what is offered, the arrows go through it, as in any box of suggestions. */
function walkOffers(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  const lookup = target.closest?.<HTMLElement>("[data-lookup]");
  const box = lookup?.querySelector<HTMLInputElement>("[role=combobox]");
  if (!lookup || !box || event.isComposing) return;
  const rows = [...lookup.querySelectorAll<HTMLElement>(".lookup-row")];
  if (event.key === "Escape" && lookup.querySelector(".lookup-rows > *")) {
    // The first press only closes; what was typed is emptied by the next.
    event.preventDefault();
    closeOffers(lookup);
    box.focus();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (!rows.length) return box.click();
    const next = rows.indexOf(target) + (event.key === "ArrowDown" ? 1 : -1);
    (rows[Math.min(next, rows.length - 1)] ?? box).focus();
  }
}

/** Rows of a look-up: none once it was left, also where the answer to what was typed comes only then. */
function startOffers(): void {
  document.addEventListener("keydown", walkOffers);
  document.addEventListener("focusout", (event) => {
    const lookup = (event.target as HTMLElement).closest<HTMLElement>("[data-lookup]");
    if (lookup && !lookup.contains(event.relatedTarget as Node | null)) closeOffers(lookup);
  });
  // The box keeps the focus while a row is clicked, also where buttons take none.
  document.addEventListener("mousedown", (event) => {
    if ((event.target as HTMLElement).closest(".lookup-rows")) event.preventDefault();
  });
  for (const name of ["input", "click"])
    document.addEventListener(name, (event) => {
      const box = event.target as HTMLElement;
      if (box.matches("[data-lookup] [role=combobox]")) delete box.closest<HTMLElement>("[data-lookup]")!.dataset.closed;
    });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const rows = event.target as HTMLElement;
    if (rows.closest<HTMLElement>("[data-lookup]")?.dataset.closed) (event as CustomEvent).detail.shouldSwap = false;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const lookup = (event.target as HTMLElement).closest<HTMLElement>("[data-lookup]");
    lookup?.querySelector("[role=combobox]")?.setAttribute("aria-expanded", String(!!lookup.querySelector(".lookup-row")));
  });
}

/** The rail as a drawer on small screens. */
function openRail(open: boolean): void {
  document.body.classList.toggle("rail-open", open);
  document.querySelector("[data-rail-toggle]")?.setAttribute("aria-expanded", String(open));
  if (open) document.querySelector<HTMLElement>("#menu a")?.focus();
}

/** A menu under a summary closes with a click elsewhere or Escape. */
function closeMenus(but: Element | null): void {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.who[open]"))
    if (menu !== but) menu.open = false;
}

export function startControls(): void {
  document.addEventListener("input", (event) => {
    const box = event.target as HTMLElement;
    // What is typed anew is no longer the row chosen before.
    const value = box.closest("[data-lookup]")?.querySelector<HTMLInputElement>("[data-lookup-value]");
    if (value && box.matches("input[type=search]")) value.value = "";
  });
  startOffers();
  keepList();
  document.addEventListener("keydown", goAlong);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    closeMenus(null);
    openRail(false);
  });
  document.addEventListener("click", (event) => {
    const target = event.target as HTMLElement;
    closeMenus(target.closest("details.who"));
    if (target.closest("[data-rail-toggle]")) openRail(!document.body.classList.contains("rail-open"));
    else if (target.closest("[data-rail-close]")) openRail(false);
    else if (target.closest("[data-theme-switch]")) switchTheme();
    else if (target.closest("[data-print]")) window.print();
    else if (target.closest("[data-lookup] [data-value]")) choose(target.closest<HTMLElement>("[data-value]")!);
    else openRow(event);
  });
  // The browser would say in its own language what is missing.
  document.addEventListener(
    "invalid",
    (event) => {
      const field = event.target as HTMLInputElement;
      if (field.validity.valueMissing) field.setCustomValidity(document.body.dataset.wordsRequired ?? "");
    },
    true,
  );
  const valid = (event: Event): void => {
    const field = event.target as HTMLInputElement;
    // Of several choices under one name the other one may have been asked for.
    const same = field.form && field.name ? [...field.form.querySelectorAll<HTMLInputElement>(`[name="${CSS.escape(field.name)}"]`)] : [field];
    same.forEach((one) => one.setCustomValidity?.(""));
  };
  document.addEventListener("input", valid);
  document.addEventListener("change", valid);
  // A filter that changes sends its form at once; typing still needs the button or Enter.
  document.addEventListener("change", (event) => {
    const field = event.target as HTMLElement;
    if (field.matches("form[data-auto] select, form[data-auto] input[type=date], form[data-auto] input[type=checkbox]"))
      (field.closest("form") as HTMLFormElement).requestSubmit();
  });
  document.addEventListener("change", (event) => {
    const all = event.target as HTMLInputElement;
    if (!all.matches("[data-check-all]")) return;
    for (const box of all.closest("form")?.querySelectorAll<HTMLInputElement>("tbody input[type=checkbox]") ?? [])
      box.checked = all.checked;
  });
  document.addEventListener("change", (event) => {
    const form = (event.target as HTMLElement).closest("form");
    const mark = form?.querySelector<HTMLElement>("[data-ticked]");
    if (!form || !mark) return;
    const number = form.querySelectorAll("tbody input[name=ids]:checked").length;
    mark.textContent = number ? (mark.dataset.ticked ?? "").replace("{n}", String(number)) : "";
  });
  // A second tap while the first is on its way sends nothing: the button says so and waits.
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (!form.matches("form[method=post]") || event.defaultPrevented) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    const button = event.submitter;
    // The pressed button's own value is still to be sent, so it is disabled after this turn.
    setTimeout(() => button?.setAttribute("disabled", ""), 0);
    setTimeout(() => {
      if (!button) return;
      button.dataset.said = button.innerHTML;
      button.textContent = document.body.dataset.wordsBusy ?? "";
    }, 1000);
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll<HTMLFormElement>("form[data-sent]")) {
      delete form.dataset.sent;
      form.querySelectorAll<HTMLElement>("button[disabled]").forEach((button) => {
        button.removeAttribute("disabled");
        if (button.dataset.said !== undefined) button.innerHTML = button.dataset.said;
        delete button.dataset.said;
      });
    }
  });
  // Where the live connection is lost the page says so instead of showing old figures as new.
  document.body.addEventListener("htmx:sseError", () => markLive(false));
  document.body.addEventListener("htmx:sseOpen", () => markLive(true));
}

function markLive(connected: boolean): void {
  document
    .querySelectorAll<HTMLElement>("[data-live]")
    .forEach((mark) => (mark.dataset.live = connected ? "on" : "off"));
}

/** A page that was opened from a list keeps the list in its address, so that a step or a reload does not lose it. */
function keepList(): void {
  const address = document.querySelector<HTMLElement>("nav.beside")?.dataset.address;
  if (address && !location.search.includes("among=")) history.replaceState(history.state, "", address + location.hash);
}

/** j and k go to the next and the previous row of the list, unless somebody is writing. */
function goAlong(event: KeyboardEvent): void {
  if (event.key !== "j" && event.key !== "k") return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const target = event.target as HTMLElement;
  if (target.closest("input, select, textarea, [contenteditable], dialog")) return;
  const link = document.querySelector<HTMLAnchorElement>(`nav.beside a[rel=${event.key === "j" ? "next" : "prev"}]`);
  link?.click();
}
