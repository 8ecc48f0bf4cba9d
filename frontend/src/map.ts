// A map: an element with `data-map="<geojson url>"`, all of it at once; or, without an address, layers that are
// switched by `data-map-layer` boxes, each fetched from its `data-url` for the window looked at. With `data-still` it is
// a picture for the wall: larger marks, nothing to click. It works with no tiles
// and no glyph server: shapes and arrows are drawn by MapLibre, every word is an HTML label in the page's own font.
import "maplibre-gl/dist/maplibre-gl.css";
import "./styles/map.css";
import {
  AttributionControl,
  LngLatBounds,
  Map as MapView,
  Marker,
  NavigationControl,
  Popup,
  ScaleControl,
  setWorkerUrl,
  type ExpressionSpecification,
  type GeoJSONSource,
  type StyleSpecification,
} from "maplibre-gl";
import { Aside, declutter } from "./map_aside";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";

setWorkerUrl(workerUrl);

type Layer = string;

interface Properties {
  layer: Layer;
  name: string;
  /** The figure on the mark, and the class that colours it (aqi-2, water-3 …). */
  value?: string;
  tone?: string;
  stale?: boolean;
  alarm?: boolean;
  lines?: string[];
  link?: string;
  linkText?: string;
  /** Where a shape's name stands. */
  at?: [number, number];
  /** How many marks this one stands for. */
  count?: number;
}

type Features = GeoJSON.FeatureCollection<GeoJSON.Geometry, Properties>;

const MARKED: ReadonlySet<Layer> = new Set(["air", "water"]);
/**
 * The radius of a layer's dots; what comes later lies on top, a warning above the matter about it. Their colours, as in the
 * legend, stand in map.css; `thing` is whatever else has a place.
 */
const DOTS: Record<string, number> = { section: 4, enterprise: 4.5, thing: 5, matter: 6, alarm: 7 };
const NOTHING: Features = { type: "FeatureCollection", features: [] };
const SHAPES: ReadonlySet<Layer> = new Set(["area", "river", "isoline"]);
const PAUSE = 250; // ms of rest after which a moved window is asked for

function isDark(): boolean {
  return document.documentElement.dataset.bsTheme === "dark";
}

function colourOf(mark: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--map-${mark}`).trim();
}

export function mapStyle(tiles: string): StyleSpecification {
  return {
    version: 8,
    sources: tiles ? { tiles: { type: "raster", tiles: [tiles], tileSize: 256 } } : {},
    layers: [
      { id: "ground", type: "background", paint: { "background-color": isDark() ? "#0e171b" : "#e6ecea" } },
      ...(tiles ? [{ id: "tiles", type: "raster" as const, source: "tiles" }] : []),
    ],
  };
}

/** A chevron that points along the line, i.e. downstream. */
function arrow(colour: string): ImageData {
  const size = 28;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
  pen.strokeStyle = colour;
  pen.lineWidth = 4;
  pen.lineCap = pen.lineJoin = "round";
  pen.beginPath();
  pen.moveTo(9, 6);
  pen.lineTo(19, 14);
  pen.lineTo(9, 22);
  pen.stroke();
  return pen.getImageData(0, 0, size, size);
}

function popupBody(feature: Properties): HTMLElement {
  const body = document.createElement("div");
  body.className = "popup";
  const name = document.createElement("h3");
  name.textContent = feature.name;
  body.append(name);
  for (const line of feature.lines ?? []) {
    const row = document.createElement("p");
    row.textContent = line;
    body.append(row);
  }
  if (feature.link) {
    const link = document.createElement("a");
    link.href = feature.link;
    link.textContent = feature.linkText ?? feature.link;
    body.append(link);
  }
  return body;
}

function bounds(features: Features): LngLatBounds | null {
  const box = new LngLatBounds();
  const walk = (coordinates: unknown): void => {
    if (!Array.isArray(coordinates)) return;
    if (typeof coordinates[0] === "number") box.extend(coordinates as [number, number]);
    else coordinates.forEach(walk);
  };
  for (const feature of features.features)
    if ("coordinates" in feature.geometry) walk(feature.geometry.coordinates);
  return box.isEmpty() ? null : box;
}

/** What the library itself says. */
const CHINESE = {
  "CooperativeGesturesHandler.WindowsHelpText": "按住 Ctrl 并滚动可缩放地图",
  "CooperativeGesturesHandler.MacHelpText": "按住 ⌘ 并滚动可缩放地图",
  "CooperativeGesturesHandler.MobileHelpText": "请用双指移动地图",
  "NavigationControl.ZoomIn": "放大",
  "NavigationControl.ZoomOut": "缩小",
  "AttributionControl.ToggleAttribution": "显示或隐藏数据来源",
  "Map.Title": "地图",
  "Marker.Title": "地图标记",
  "Popup.Close": "关闭",
};

class OneMap {
  private readonly view: MapView;
  /** Layer -> what is drawn of it; the whole of a map without layers under "". */
  private readonly drawn = new Map<Layer, Features>();
  private readonly asked = new Map<Layer, number>();
  private markers: Marker[] = [];
  private waiting = 0;
  private readonly aside: Aside;
  private readonly still: boolean;

  constructor(private readonly element: HTMLElement) {
    this.still = element.dataset.still !== undefined;
    this.view = new MapView({
      container: element,
      style: mapStyle(element.dataset.tiles ?? ""),
      center: [116, 36],
      zoom: 5,
      attributionControl: false,
      dragRotate: false,
      cooperativeGestures: element.dataset.small !== undefined,
      locale: document.documentElement.lang.startsWith("zh") ? CHINESE : undefined,
      interactive: !this.still,
    });
    if (!this.still) this.view.addControl(new NavigationControl({ showCompass: false }), "top-right");
    this.view.addControl(new ScaleControl({ maxWidth: 120 }), "bottom-left");
    if (element.dataset.attribution)
      this.view.addControl(new AttributionControl({ customAttribution: element.dataset.attribution }));
    this.view.touchZoomRotate.disableRotation();
    this.aside = new Aside(this.view, ({ properties, geometry }) =>
      this.open(properties as Properties, (geometry as GeoJSON.Point).coordinates as [number, number]),
    );
    this.view.on("moveend", () => declutter(this.markers));
    this.view.on("load", () => void this.first());
    document.addEventListener("ecoledger:theme", () => this.paint());
    document.addEventListener("change", (event) => this.onSwitch(event));
    document.addEventListener("ecoledger:refresh", () => void this.refresh());
    // Something in scope has changed: the page hears of it by its live connection.
    document.body.addEventListener("htmx:trigger", (event) => {
      if ((event.target as HTMLElement).matches("[data-map-refresh]")) void this.refresh();
    });
  }

  private switches(): HTMLInputElement[] {
    return [...document.querySelectorAll<HTMLInputElement>("[data-map-layer]:checked")];
  }

  private async fetch(layer: Layer, address: string): Promise<void> {
    const number = (this.asked.get(layer) ?? 0) + 1;
    this.asked.set(layer, number);
    const response = await fetch(address);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const features = (await response.json()) as Features;
    // The window has moved on, or the layer was switched off, while this was on its way.
    if (this.asked.get(layer) === number) this.drawn.set(layer, features);
  }

  private async first(): Promise<void> {
    const whole = this.element.dataset.map;
    if (whole) await this.fetch("", whole);
    const corners = (this.element.dataset.box ?? "").split(",").map(Number);
    this.fit(corners.length === 4 ? new LngLatBounds(corners as [number, number, number, number]) : null);
    this.addShapes();
    this.addDots();
    this.paint();
    await this.refresh();
    if (corners.length !== 4) this.fit(this.bounds());
    this.view.on("moveend", () => {
      window.clearTimeout(this.waiting);
      this.waiting = window.setTimeout(() => void this.refresh(), PAUSE);
    });
    this.element.dataset.drawn = "yes";
  }

  private fit(box: LngLatBounds | null): void {
    if (!box) return;
    this.aside.bound(box);
    const { clientWidth: width, clientHeight: height } = this.element;
    // On a desk the panel stands at the left. A margin that leaves no room in a small window would leave the world shown.
    const left = Math.min(innerWidth >= 768 && !this.still ? 270 : 40, width / 3);
    const [x, y] = [Math.min(40, width / 8), Math.min(40, height / 8)];
    this.view.fitBounds(box, { padding: { top: y, right: x, bottom: y, left }, maxZoom: 14, animate: false });
  }

  private bounds(): LngLatBounds | null {
    const box = new LngLatBounds();
    for (const features of this.drawn.values()) {
      const own = bounds(features);
      if (own) box.extend(own);
    }
    return box.isEmpty() ? null : box;
  }

  /** What is switched on, anew, for the window that is looked at. */
  private async refresh(): Promise<void> {
    // Out of sight it has no window.
    if (!this.element.offsetWidth) return;
    const window = this.view.getBounds().toArray().flat().join(",");
    await Promise.all(
      this.switches().map((input) => this.fetch(input.dataset.mapLayer ?? "", `${input.dataset.url}?box=${window}`)),
    );
    this.draw();
  }

  private draw(): void {
    const all = [...this.drawn.values()].flatMap((features) => features.features);
    all.forEach((feature, number) => (feature.id = number + 1));
    const of = (want: (feature: (typeof all)[number]) => boolean): Features => ({
      type: "FeatureCollection",
      features: all.filter(want),
    });
    this.view.getSource<GeoJSONSource>("shapes")?.setData(of((f) => SHAPES.has(f.properties.layer)));
    this.view
      .getSource<GeoJSONSource>("dots")
      ?.setData(of((f) => !SHAPES.has(f.properties.layer) && !MARKED.has(f.properties.layer) && !f.properties.count));
    this.placeLabels(all);
  }

  private addShapes(): void {
    this.view.addImage("downstream-light", arrow("#2a67a8"), { pixelRatio: 2 });
    this.view.addImage("downstream-dark", arrow("#8dbdf0"), { pixelRatio: 2 });
    this.view.addSource("shapes", { type: "geojson", data: NOTHING });
    this.view.addLayer({ id: "area", type: "fill", source: "shapes", filter: ["==", ["get", "layer"], "area"] });
    this.view.addLayer({ id: "area-edge", type: "line", source: "shapes", filter: ["==", ["get", "layer"], "area"], paint: { "line-width": 1.2, "line-dasharray": [3, 2] } });
    this.view.addLayer({ id: "river", type: "line", source: "shapes", filter: ["==", ["get", "layer"], "river"], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-width": 3 } });
    this.view.addLayer({ id: "isoline", type: "line", source: "shapes", filter: ["==", ["get", "layer"], "isoline"], paint: { "line-width": 1.5 } });
    this.view.addLayer({ id: "river-arrow", type: "symbol", source: "shapes", filter: ["==", ["get", "layer"], "river"], layout: { "symbol-placement": "line", "symbol-spacing": 90, "icon-allow-overlap": true, "icon-rotation-alignment": "map" } });
  }

  private addDots(): void {
    this.view.addSource("dots", { type: "geojson", data: NOTHING });
    const known = Object.keys(DOTS);
    for (const [layer, radius] of Object.entries(DOTS)) {
      this.view.addLayer({
        id: layer,
        type: "circle",
        source: "dots",
        filter: layer === "thing" ? ["!", ["in", ["get", "layer"], ["literal", known]]] : ["==", ["get", "layer"], layer],
        paint: { "circle-radius": this.still ? 2 * radius : radius, "circle-stroke-width": 1.5 },
      });
      this.view.on("click", layer, (event) => {
        const found = event.features?.[0];
        for (const features of this.drawn.values()) {
          const whole = features.features.find((f) => f.id === found?.id);
          if (whole) this.open(whole.properties, event.lngLat.toArray());
        }
      });
      this.view.on("mouseenter", layer, () => (this.view.getCanvas().style.cursor = "pointer"));
      this.view.on("mouseleave", layer, () => (this.view.getCanvas().style.cursor = ""));
    }
  }

  private open(feature: Properties, at: [number, number]): void {
    if (this.still) return;
    new Popup({ maxWidth: "280px", focusAfterOpen: false }).setLngLat(at).setDOMContent(popupBody(feature)).addTo(this.view);
  }

  private placeLabels(all: Features["features"]): void {
    this.markers.forEach((marker) => marker.remove());
    this.markers = [];
    for (const { properties, geometry } of all) {
      const at = geometry.type === "Point" ? (geometry.coordinates as [number, number]) : properties.at;
      if (!at) continue;
      if (properties.count) {
        const mark = this.button(`pin many ${properties.layer}`, String(properties.count), properties.name);
        mark.addEventListener("click", () => this.view.easeTo({ center: at, zoom: this.view.getZoom() + 2 }));
        this.label(mark, at);
      } else if (MARKED.has(properties.layer) && geometry.type === "Point") {
        // An old value is no colour of now.
        const tone = properties.stale ? "" : (properties.tone ?? "");
        const said = [properties.name, ...(properties.lines ?? [])].join(" ");
        const mark = this.button(`pin ${properties.layer} ${tone}`, properties.value || "–", said);
        mark.classList.toggle("alarm", Boolean(properties.alarm));
        mark.addEventListener("click", (event) => {
          event.stopPropagation();
          this.open(properties, at);
        });
        this.label(mark, at);
      } else if (properties.at) {
        const name = document.createElement("span");
        name.className = `map-name ${properties.layer}`;
        name.textContent = properties.name;
        this.label(name, properties.at);
      }
    }
    this.aside.show(all);
    declutter(this.markers);
  }

  private button(look: string, text: string, said: string): HTMLButtonElement {
    const mark = document.createElement("button");
    mark.type = "button";
    mark.className = look;
    mark.textContent = text;
    mark.setAttribute("aria-label", said);
    return mark;
  }

  private label(element: HTMLElement, at: [number, number]): void {
    this.markers.push(new Marker({ element }).setLngLat(at).addTo(this.view));
  }

  private onSwitch(event: Event): void {
    const layer = (event.target as HTMLInputElement).dataset?.mapLayer;
    if (!layer) return;
    if ((event.target as HTMLInputElement).checked) void this.refresh();
    else {
      this.asked.set(layer, (this.asked.get(layer) ?? 0) + 1);
      this.drawn.delete(layer);
      this.draw();
    }
  }

  private paint(): void {
    const dark = isDark();
    this.view.setPaintProperty("ground", "background-color", dark ? "#0e171b" : "#e6ecea");
    this.view.setPaintProperty("area", "fill-color", dark ? "#18262b" : "#f7faf8");
    this.view.setPaintProperty("area", "fill-opacity", this.element.dataset.tiles ? 0.25 : 1);
    this.view.setPaintProperty("area-edge", "line-color", dark ? "#4a5f66" : "#9aaca8");
    this.view.setPaintProperty("river", "line-color", dark ? "#3f6fa6" : "#8ab6e4");
    this.view.setPaintProperty("isoline", "line-color", dark ? "#f5b04c" : "#b45309");
    this.view.setLayoutProperty("river-arrow", "icon-image", dark ? "downstream-dark" : "downstream-light");
    const late: ExpressionSpecification = ["case", ["==", ["get", "late"], true], colourOf("late"), colourOf("matter")];
    for (const layer of Object.keys(DOTS)) {
      this.view.setPaintProperty(layer, "circle-color", layer === "matter" ? late : colourOf(layer));
      this.view.setPaintProperty(layer, "circle-stroke-color", dark ? "#0e171b" : "#ffffff");
    }
  }
}

export function startMap(element: HTMLElement): void {
  if (element.dataset.started) return;
  element.dataset.started = "yes";
  // On a phone the panel would cover the map.
  if (innerWidth < 768) document.querySelector(".map-panel")?.removeAttribute("open");
  new OneMap(element);
}
