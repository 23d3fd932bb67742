import Feature from "ol/Feature";
import { circular } from "ol/geom/Polygon";
import Point from "ol/geom/Point";
import VectorLayer from "ol/layer/Vector";
import { fromLonLat } from "ol/proj";
import VectorSource from "ol/source/Vector";
import CircleStyle from "ol/style/Circle";
import Fill from "ol/style/Fill";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import { SEAL } from "./palette";

/** A place that the side panel speaks of, with the radius in metres within which it is known. */
export interface Place {
  lon: number;
  lat: number;
  radiusM: number;
}

const ring = new Style({
  image: new CircleStyle({ radius: 10, stroke: new Stroke({ color: "#fff", width: 5 }) }),
});
const mark = new Style({
  image: new CircleStyle({ radius: 10, stroke: new Stroke({ color: SEAL, width: 2.5 }), fill: new Fill({ color: "#a5342a14" }) }),
});
const reach = new Style({
  stroke: new Stroke({ color: SEAL, width: 1.2, lineDash: [4, 4] }),
  fill: new Fill({ color: "rgba(165, 52, 42, 0.06)" }),
});

/** The layer that marks the place in question. */
export class PlaceLayer extends VectorLayer {
  private readonly marks: VectorSource;

  constructor() {
    const marks = new VectorSource();
    super({ source: marks, zIndex: 80 });
    this.marks = marks;
  }

  show(place: Place | null): void {
    this.marks.clear();
    if (!place) return;
    const point = new Feature(new Point(fromLonLat([place.lon, place.lat])));
    point.setStyle([ring, mark]);
    this.marks.addFeature(point);
    if (place.radiusM > 1) {
      const circle = circular([place.lon, place.lat], place.radiusM, 64).transform("EPSG:4326", "EPSG:3857");
      const around = new Feature(circle);
      around.setStyle(reach);
      this.marks.addFeature(around);
    }
  }
}
