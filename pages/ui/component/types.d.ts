/** Data between Python and the components, and between the modules. Written once, checked by `tsc --checkJs`. */

/** What determines a decoded image. */
export interface Latent {
  z: number[]; // code [D]
  label: number | null; // class of a conditional model; null: unknown
  seed: number; // of a hierarchical model's noise; 0: no noise
}

/** [z1, z2], or [x, y] in pixels. */
export type Point = [number, number];
/** [z1 min, z1 max, z2 min, z2 max] */
export type Rectangle = [number, number, number, number];

/** What is known of one model's map without its heavy parts (runtime/map_assets.py, runtime/cache.py). */
export interface Facts {
  name?: string;
  digest?: string;
  image?: [channels: number, height: number, width: number];
  latentSize: number; // D
  contextSize?: number; // further inputs of the decoder
  context?: "label" | "noise" | null; // what they are
  prior?: boolean; // a standard normal
  variations?: number; // noise seeds of a group
  seedGroups?: [name: string, first: number][]; // where there are several groups
  classes: string[];
  centres: (number[] | null)[]; // [K][2], null for a class without items
  start?: number[];
  bounds: Rectangle;
  total: number; // items of the data set
  count: number; // items on the map
  sampled: boolean; // whether these are fewer
  numbered?: boolean; // whether the items have numbers in their data set
  columns?: string[]; // that may colour the items
  choices?: [name: string, words: string][]; // which items may be shown, the default first
  shown?: string; // which of these are
  posterior: boolean; // whether items have standard deviations
  split?: string; // "10,000 test images"
  heldOut?: number; // the first items, which were not trained on
  densitySize: number;
  densityQuantiles: number[];
}

/** Colours and fonts of Streamlit's theme. */
export interface Theme extends Record<"text" | "ground" | "grid" | "accentText" | "sans" | "mono", string> {
  classes: string[];
  accent: number[]; // red, green, blue
  ink: number[];
}

declare global {
  var Plotly: any; // plotly.min.js, once it has loaded
}

/** What gestures and keys on a map ask for. */
export interface MapHandlers {
  preview(z: Point | null): void; // a hovering pointer; null: it has left
  hold(z: Point): void; // a drag
  release(): void;
  pin(z: Point): void; // a click
  moved(): void; // the view has changed
  nudge(dx: number, dy: number): void;
  key(name: string): boolean; // whether the key means anything
}

/** The marks of an `Overlay`. */
export interface Scene {
  z: number[] | null; // the cursor
  held?: number[]; // where it rests during a preview
  preview?: boolean;
  pins?: { z: number[] }[];
  near?: { item: number }[];
  item?: number | null;
  items: any;
  hidden: Set<number>;
  showNames: boolean;
}

/** The marks of the Interpolate page: codes [D] throughout. */
export interface PathScene {
  path: number[][];
  settled: boolean; // whether the path is Python's; else it is provisional
  frames: number[][];
  waypoints: number[][];
  chosen: number | null; // index of a waypoint
  faded: boolean;
  stroke: Point[] | null;
  head: number[];
}
