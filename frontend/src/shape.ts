// A boundary drawn on the map: `data-shape` names the text field that holds it as GeoJSON. A click adds a corner, a corner
// is dragged, the last one is taken back; from three corners on the field holds the closed polygon. What was typed or
// pasted into the field is shown; a shape of several parts or with holes is shown and not taken apart.
import "maplibre-gl/dist/maplibre-gl.css";
import "./styles/map.css";
import { LngLatBounds, Map as MapView, Marker, NavigationControl, type GeoJSONSource } from "maplibre-gl";
import { mapStyle } from "./map";

type Corner = [number, number];

const DIGITS = 6; // a tenth of a metre

/** The corners of a simple polygon; `null` where the text is none. */
export function corners(text: string): Corner[] | null {
  if (["", "null"].includes(text.trim())) return [];
  try {
    const shape = JSON.parse(text) as GeoJSON.Geometry;
    if (shape?.type !== "Polygon" || shape.coordinates.length !== 1) return null;
    return shape.coordinates[0].slice(0, -1).map(([lon, lat]) => [lon, lat]);
  } catch {
    return null;
  }
}

export function polygon(ring: Corner[]): GeoJSON.Polygon | null {
  if (ring.length < 3) return null;
  const round = (value: number): number => Number(value.toFixed(DIGITS));
  const places = ring.map(([lon, lat]): Corner => [round(lon), round(lat)]);
  return { type: "Polygon", coordinates: [[...places, places[0]]] };
}

class Drawing {
  private ring: Corner[] = [];
  private pins: Marker[] = [];

  constructor(
    private readonly view: MapView,
    private readonly field: HTMLInputElement | HTMLTextAreaElement,
  ) {
    view.addSource("shape", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
    view.addLayer({ id: "inside", type: "fill", source: "shape", paint: { "fill-color": "#2a67a8", "fill-opacity": 0.2 } });
    view.addLayer({ id: "edge", type: "line", source: "shape", paint: { "line-color": "#2a67a8", "line-width": 2 } });
    view.on("click", ({ lngLat }) => {
      if (corners(field.value) === null) return; // a shape that is not taken apart: cleared first
      this.ring.push([lngLat.lng, lngLat.lat]);
      this.changed();
    });
    field.addEventListener("change", () => this.read());
    this.read();
  }

  back(): void {
    this.ring.pop();
    this.changed();
  }

  clear(): void {
    this.ring = [];
    this.changed();
  }

  private read(): void {
    this.ring = corners(this.field.value) ?? [];
    this.show();
    const box = new LngLatBounds();
    this.ring.forEach((corner) => box.extend(corner));
    if (!box.isEmpty()) this.view.fitBounds(box, { padding: 40, animate: false, maxZoom: 16 });
  }

  private changed(): void {
    const shape = polygon(this.ring);
    this.field.value = shape ? JSON.stringify(shape) : "";
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
    this.show();
  }

  private show(): void {
    this.pins.forEach((pin) => pin.remove());
    this.pins = this.ring.map((corner, number) => {
      const pin = new Marker({ draggable: true, scale: 0.6, color: "#2a67a8" }).setLngLat(corner).addTo(this.view);
      pin.on("dragend", () => {
        const { lng, lat } = pin.getLngLat();
        this.ring[number] = [lng, lat];
        this.changed();
      });
      return pin;
    });
    let whole: GeoJSON.Geometry | null = polygon(this.ring);
    if (!whole && this.ring.length) whole = { type: "LineString", coordinates: this.ring };
    if (!this.ring.length && corners(this.field.value) === null) {
      try {
        whole = JSON.parse(this.field.value) as GeoJSON.Geometry;
      } catch {
        whole = null; // the form says what is wrong with it when it is sent
      }
    }
    const source = this.view.getSource("shape") as GeoJSONSource;
    source.setData(whole ? { type: "Feature", properties: {}, geometry: whole } : { type: "FeatureCollection", features: [] });
  }
}

export function startShape(element: HTMLElement): void {
  const field = document.getElementById(element.dataset.shape ?? "") as HTMLInputElement | HTMLTextAreaElement | null;
  if (!field) return;
  const box = (element.dataset.box ?? "").split(",").map(Number) as [number, number, number, number];
  const view = new MapView({
    container: element,
    style: mapStyle(element.dataset.tiles ?? ""),
    ...(box.length === 4 ? { bounds: box } : { center: [116, 36] as Corner, zoom: 5 }),
    attributionControl: false,
    dragRotate: false,
    doubleClickZoom: false,
  });
  view.addControl(new NavigationControl({ showCompass: false }), "top-right");
  view.on("load", () => {
    const drawing = new Drawing(view, field);
    const tools = element.parentElement;
    tools?.querySelector("[data-shape-back]")?.addEventListener("click", () => drawing.back());
    tools?.querySelector("[data-shape-clear]")?.addEventListener("click", () => drawing.clear());
    element.dataset.drawn = "yes";
  });
}
