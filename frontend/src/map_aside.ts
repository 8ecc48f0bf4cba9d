// Beside the map: its list with a search, the way back to the whole area, and marks that do not lie on each other.
// The list is the way in for keyboard and screen reader; it holds what the map shows.
import type { LngLatBounds, Map as MapView, Marker } from "maplibre-gl";

interface Row {
  layer: string;
  name: string;
  value?: string;
  tone?: string;
  alarm?: boolean;
  late?: boolean;
  lines?: string[];
}

interface Place {
  properties: Row;
  geometry: GeoJSON.Geometry;
}

const ROWS = 60;
// What needs somebody first.
const ORDER = ["alarm", "matter", "water", "air", "section"];
const MARGIN = 2; // px between two marks
const LOWER = 22; // px by which a name gives way

function need(row: Row): number {
  const place = ORDER.indexOf(row.layer);
  return (row.alarm ? 0 : 10) + (place < 0 ? ORDER.length : place);
}

export class Aside {
  private places: Place[] = [];
  private whole: LngLatBounds | null = null;

  constructor(
    private readonly view: MapView,
    private readonly open: (place: Place) => void,
  ) {
    document.querySelector("[data-map-home]")?.addEventListener("click", () => this.home());
    document.querySelector("[data-map-search]")?.addEventListener("input", () => this.draw());
    document.querySelector("[data-map-search]")?.closest("form")?.addEventListener("submit", (event) => event.preventDefault());
  }

  /** The area of the person: where home is; the map goes no further out than a little around it. */
  bound(box: LngLatBounds): void {
    this.whole = box;
    const [west, south, east, north] = box.toArray().flat() as [number, number, number, number];
    const [x, y] = [(east - west) * 0.6 + 0.05, (north - south) * 0.6 + 0.05];
    this.view.setMaxBounds([west - x, south - y, east + x, north + y]);
  }

  home(): void {
    if (this.whole) this.view.fitBounds(this.whole, { padding: 40, maxZoom: 14 });
  }

  show(places: Place[]): void {
    this.places = places
      .filter((place) => place.geometry.type === "Point")
      .sort((a, b) => need(a.properties) - need(b.properties));
    this.draw();
  }

  private draw(): void {
    const list = document.querySelector<HTMLElement>("[data-map-list]");
    if (!list) return;
    const words = (document.querySelector<HTMLInputElement>("[data-map-search]")?.value ?? "").trim().toLowerCase();
    const off = new Set(
      [...document.querySelectorAll<HTMLInputElement>("[data-map-layer]:not(:checked)")].map((box) => box.dataset.mapLayer),
    );
    const rows = this.places.filter(
      ({ properties }) => !off.has(properties.layer) && (!words || properties.name.toLowerCase().includes(words)),
    );
    list.replaceChildren(...rows.slice(0, ROWS).map((place) => this.row(place)));
    const count = document.querySelector<HTMLElement>("[data-map-count]");
    if (count) count.textContent = `${Math.min(rows.length, ROWS)} / ${rows.length}`;
  }

  private row(place: Place): HTMLElement {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    const mark = document.createElement("span");
    const kind = place.properties.late ? "late" : place.properties.layer;
    mark.className = `spot ${place.properties.tone ?? ""} map-${kind}`;
    mark.textContent = place.properties.value ?? "";
    const text = document.createElement("span");
    text.textContent = place.properties.name;
    const under = document.createElement("small");
    under.textContent = place.properties.lines?.[0] ?? "";
    text.append(under);
    button.append(mark, text);
    button.addEventListener("click", () => {
      const at = (place.geometry as GeoJSON.Point).coordinates as [number, number];
      this.view.easeTo({ center: at, zoom: Math.max(this.view.getZoom(), 12) });
      this.open(place);
    });
    item.append(button);
    return item;
  }
}

/** Marks that would cover an earlier one become small dots; names give way to marks and to each other. */
export function declutter(markers: Marker[]): void {
  const taken: DOMRect[] = [];
  const rank = (element: HTMLElement): number =>
    element.classList.contains("alarm") ? 0 : element.classList.contains("pin") ? 1 : 2;
  const elements = markers.map((marker) => marker.getElement()).filter((element) => !element.hidden);
  for (const element of elements) element.classList.remove("crowded", "lower");
  const boxes = new Map(elements.map((element) => [element, element.getBoundingClientRect()]));
  const free = (box: DOMRect): boolean =>
    !taken.some(
      (other) =>
        box.left < other.right + MARGIN && other.left < box.right + MARGIN &&
        box.top < other.bottom + MARGIN && other.top < box.bottom + MARGIN,
    );
  for (const element of elements.sort((a, b) => rank(a) - rank(b))) {
    const box = boxes.get(element)!;
    const below = new DOMRect(box.x, box.y + LOWER, box.width, box.height);
    if (free(box)) taken.push(box);
    else if (element.classList.contains("map-name") && free(below)) {
      // A name finds room under the mark that stands in its place.
      element.classList.add("lower");
      taken.push(below);
    } else element.classList.add("crowded");
  }
}
