// The one map: an element with `data-map="<geojson url>"`. It works with no tiles and no glyph server:
// shapes and arrows are drawn by MapLibre, every word is an HTML label in the page's own font.
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
  type GeoJSONSource,
  type StyleSpecification,
} from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";

setWorkerUrl(workerUrl);

type Layer = "area" | "river" | "air" | "water" | "section" | "enterprise" | "alarm" | "matter";

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
}

type Features = GeoJSON.FeatureCollection<GeoJSON.Geometry, Properties>;

const MARKED: ReadonlySet<Layer> = new Set(["air", "water"]);
const DOTS: Partial<Record<Layer, { light: string; dark: string; radius: number }>> = {
  section: { light: "#2a67a8", dark: "#8dbdf0", radius: 4 },
  enterprise: { light: "#6b5b95", dark: "#b9a7e6", radius: 4.5 },
  alarm: { light: "#d63939", dark: "#ff6b60", radius: 7 },
  matter: { light: "#d9822b", dark: "#f2a65a", radius: 6 },
};

function isDark(): boolean {
  return document.documentElement.dataset.bsTheme === "dark";
}

function style(tiles: string): StyleSpecification {
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

function only(features: Features, ...layers: Layer[]): Features {
  return { ...features, features: features.features.filter((f) => layers.includes(f.properties.layer)) };
}

class OneMap {
  private readonly view: MapView;
  private features: Features = { type: "FeatureCollection", features: [] };
  private labels: { marker: Marker; layer: Layer }[] = [];
  private readonly hidden = new Set<Layer>();

  constructor(private readonly element: HTMLElement) {
    this.view = new MapView({
      container: element,
      style: style(element.dataset.tiles ?? ""),
      center: [116, 36],
      zoom: 5,
      attributionControl: false,
      dragRotate: false,
      cooperativeGestures: element.dataset.small !== undefined,
    });
    this.view.addControl(new NavigationControl({ showCompass: false }), "top-right");
    this.view.addControl(new ScaleControl({ maxWidth: 120 }), "bottom-left");
    if (element.dataset.attribution)
      this.view.addControl(new AttributionControl({ customAttribution: element.dataset.attribution }));
    this.view.touchZoomRotate.disableRotation();
    this.view.on("load", () => void this.first());
    document.addEventListener("ecoledger:theme", () => this.paint());
    document.addEventListener("change", (event) => this.onSwitch(event));
    // Something in scope has changed: the page hears of it by its live connection.
    document.body.addEventListener("htmx:trigger", (event) => {
      if ((event.target as HTMLElement).matches("[data-map-refresh]")) void this.refresh();
    });
  }

  private async fetch(): Promise<void> {
    const response = await fetch(this.element.dataset.map ?? "");
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    this.features = (await response.json()) as Features;
  }

  private async first(): Promise<void> {
    await this.fetch();
    for (const input of document.querySelectorAll<HTMLInputElement>("[data-map-layer]"))
      if (!input.checked) this.hidden.add(input.dataset.mapLayer as Layer);
    this.addShapes();
    this.addDots();
    this.placeLabels();
    this.paint();
    const box = bounds(this.features);
    if (box) {
      // On a desk the panel stands at the left.
      const left = innerWidth >= 768 ? 270 : 40;
      this.view.fitBounds(box, { padding: { top: 40, right: 40, bottom: 40, left }, maxZoom: 14, animate: false });
    }
    this.element.dataset.drawn = "yes";
  }

  private async refresh(): Promise<void> {
    await this.fetch();
    this.view.getSource<GeoJSONSource>("shapes")?.setData(only(this.features, "area", "river"));
    this.view.getSource<GeoJSONSource>("dots")?.setData(this.dots());
    this.placeLabels();
  }

  private dots(): Features {
    return only(this.features, ...(Object.keys(DOTS) as Layer[]));
  }

  private addShapes(): void {
    this.view.addImage("downstream-light", arrow("#2a67a8"), { pixelRatio: 2 });
    this.view.addImage("downstream-dark", arrow("#8dbdf0"), { pixelRatio: 2 });
    this.view.addSource("shapes", { type: "geojson", data: only(this.features, "area", "river") });
    this.view.addLayer({ id: "area", type: "fill", source: "shapes", filter: ["==", ["get", "layer"], "area"] });
    this.view.addLayer({ id: "area-edge", type: "line", source: "shapes", filter: ["==", ["get", "layer"], "area"], paint: { "line-width": 1.2, "line-dasharray": [3, 2] } });
    this.view.addLayer({ id: "river", type: "line", source: "shapes", filter: ["==", ["get", "layer"], "river"], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-width": 3 } });
    this.view.addLayer({ id: "river-arrow", type: "symbol", source: "shapes", filter: ["==", ["get", "layer"], "river"], layout: { "symbol-placement": "line", "symbol-spacing": 90, "icon-allow-overlap": true, "icon-rotation-alignment": "map" } });
  }

  private addDots(): void {
    this.view.addSource("dots", { type: "geojson", data: this.dots() });
    for (const [layer, look] of Object.entries(DOTS)) {
      this.view.addLayer({
        id: layer,
        type: "circle",
        source: "dots",
        filter: ["==", ["get", "layer"], layer],
        paint: { "circle-radius": look.radius, "circle-stroke-width": 1.5 },
      });
      this.view.on("click", layer, (event) => {
        const found = event.features?.[0];
        const whole = this.features.features.find((f) => f.id === found?.id);
        if (whole) this.open(whole.properties, event.lngLat.toArray());
      });
      this.view.on("mouseenter", layer, () => (this.view.getCanvas().style.cursor = "pointer"));
      this.view.on("mouseleave", layer, () => (this.view.getCanvas().style.cursor = ""));
    }
  }

  private open(feature: Properties, at: [number, number]): void {
    new Popup({ maxWidth: "280px", focusAfterOpen: false }).setLngLat(at).setDOMContent(popupBody(feature)).addTo(this.view);
  }

  private placeLabels(): void {
    this.labels.forEach(({ marker }) => marker.remove());
    this.labels = [];
    for (const { properties, geometry } of this.features.features) {
      if (MARKED.has(properties.layer) && geometry.type === "Point") {
        const mark = document.createElement("button");
        mark.type = "button";
        // An old value is no colour of now.
        mark.className = `pin ${properties.layer} ${properties.stale ? "" : (properties.tone ?? "")}`;
        mark.classList.toggle("alarm", Boolean(properties.alarm));
        mark.textContent = properties.value || "–";
        mark.setAttribute("aria-label", [properties.name, ...(properties.lines ?? [])].join(" "));
        const at = geometry.coordinates as [number, number];
        mark.addEventListener("click", (event) => {
          event.stopPropagation();
          this.open(properties, at);
        });
        this.label(mark, at, properties.layer);
      } else if (properties.at) {
        const name = document.createElement("span");
        name.className = `map-name ${properties.layer}`;
        name.textContent = properties.name;
        this.label(name, properties.at, properties.layer);
      }
    }
  }

  private label(element: HTMLElement, at: [number, number], layer: Layer): void {
    const marker = new Marker({ element }).setLngLat(at).addTo(this.view);
    element.hidden = this.hidden.has(layer);
    this.labels.push({ marker, layer });
  }

  private onSwitch(event: Event): void {
    const input = event.target as HTMLInputElement;
    const layer = input.dataset?.mapLayer as Layer | undefined;
    if (!layer) return;
    if (input.checked) this.hidden.delete(layer);
    else this.hidden.add(layer);
    this.labels.forEach((label) => {
      if (label.layer === layer) label.marker.getElement().hidden = !input.checked;
    });
    for (const id of [layer, `${layer}-edge`, `${layer}-arrow`])
      if (this.view.getLayer(id)) this.view.setLayoutProperty(id, "visibility", input.checked ? "visible" : "none");
  }

  private paint(): void {
    const dark = isDark();
    this.view.setPaintProperty("ground", "background-color", dark ? "#0e171b" : "#e6ecea");
    this.view.setPaintProperty("area", "fill-color", dark ? "#18262b" : "#f7faf8");
    this.view.setPaintProperty("area", "fill-opacity", this.element.dataset.tiles ? 0.25 : 1);
    this.view.setPaintProperty("area-edge", "line-color", dark ? "#4a5f66" : "#9aaca8");
    this.view.setPaintProperty("river", "line-color", dark ? "#3f6fa6" : "#8ab6e4");
    this.view.setLayoutProperty("river-arrow", "icon-image", dark ? "downstream-dark" : "downstream-light");
    for (const [layer, look] of Object.entries(DOTS)) {
      this.view.setPaintProperty(layer, "circle-color", dark ? look.dark : look.light);
      this.view.setPaintProperty(layer, "circle-stroke-color", dark ? "#0e171b" : "#ffffff");
    }
    for (const layer of this.hidden)
      for (const id of [layer, `${layer}-edge`, `${layer}-arrow`])
        if (this.view.getLayer(id)) this.view.setLayoutProperty(id, "visibility", "none");
  }
}

export function startMap(element: HTMLElement): void {
  if (element.dataset.started) return;
  element.dataset.started = "yes";
  // On a phone the panel would cover the map.
  if (innerWidth < 768) document.querySelector(".map-panel")?.removeAttribute("open");
  new OneMap(element);
}
