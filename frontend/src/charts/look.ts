// What every kind of chart shares: the page's inks, and text made safe for tooltips.

export function inked(element: HTMLElement): { text: string; line: string; surface: string } {
  const style = getComputedStyle(element);
  const read = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise;
  return {
    text: read("--el-quiet", "#566472"),
    line: read("--el-line", "#dfe5e4"),
    surface: read("--el-surface", "#fff"),
  };
}

export function escaped(text: string): string {
  const holder = document.createElement("span");
  holder.textContent = text;
  return holder.innerHTML;
}

/** How a tooltip looks in the page's theme. */
export function tooltip(element: HTMLElement): Record<string, unknown> {
  const ink = inked(element);
  return { confine: true, backgroundColor: ink.surface, borderColor: ink.line, textStyle: { color: ink.text } };
}
