/* SPDX-License-Identifier: Apache-2.0 */
// Layers over the trace: fetched for what is in view and a little around it, kept until that no longer does.

import { layer } from "./api.js";
import { plain } from "./words.js";

// These are drawn across the panes of the signals; curves get a pane of their own; the rest lie in lanes below.
export const ACROSS = ["windows", "edges", "losses", "over-range"];
const OWN = { name: "regions", title: "Regions", kind: "span", total: null };
const MOST = 2000; // items asked for at once; the server thins the rest and says so
const MOST_ROWS = 5,
  WORTH = { bad: 0, warn: 1, "": 2, good: 3 };
const RETRY_MS = 4000;
const STARTING = ["windows", "edges", "losses", "over-range", "journal"];

/** Return the layers that a page shows at first: the few that explain the trace, as far as there are any. */
export const atFirst = (table) =>
  table
    .filter((row) => STARTING.includes(row.name) && !absent(row))
    .map((row) => row.name)
    .concat(OWN.name);

// A layer that was not counted yet (null) may have items; what is there may still lack some, and then says why.
export const absent = (row) => row.total === 0 || (row.total === undefined && Boolean(row.why_not));

export class LayerStore {
  constructor(key, table, arrived, rail = null) {
    Object.assign(this, { key, arrived, rail, held: new Map(), busy: new Map(), failed: new Map() });
    this.setTable(table);
  }

  setTable(table) {
    this.table = new Map(table.map((row) => [row.name, row]));
    if (this.own) this.table.set(OWN.name, OWN);
  }

  /** Show regions that somebody named as a layer, too; they are not asked for, the page has them all. */
  regions(list) {
    this.own = list
      .map((one) => ({
        point: false,
        start: one.start_s,
        stop: one.stop_s,
        u: null,
        kind: "",
        label: plain(one.name, 200),
        text: plain(one.text ? `${one.name}: ${one.text}` : one.name, 1200),
      }))
      .sort((a, b) => a.start - b.start);
    this.table.set(OWN.name, OWN);
    this.arrived();
  }

  kind(name) {
    return this.table.get(name)?.kind ?? "span";
  }
  title(name) {
    return plain(this.table.get(name)?.title ?? name, 60);
  }
  across(names) {
    return names.filter((name) => ACROSS.includes(name) && this.table.has(name));
  }
  curves(names) {
    return names.filter((name) => this.kind(name) === "curve" && this.table.has(name));
  }
  lanes(names) {
    return names.filter(
      (name) =>
        this.table.has(name) &&
        !ACROSS.includes(name) &&
        this.kind(name) !== "curve" &&
        (name !== OWN.name || this.own?.length),
    );
  }

  /** Return `{items, thinned, total}` as far as they are known of a layer, and fetch what is missing. */
  get(name, view) {
    if (name === OWN.name) return { items: this.own ?? [], thinned: false, total: this.own?.length ?? 0 };
    const held = this.held.get(name);
    if (!held || !fits(held, view)) this.fetch(name, view);
    return held ?? { items: [], thinned: false, total: 0, waiting: true };
  }

  /** Return in how many rows the items of a lane have to lie so that spans do not hide each other. */
  rows(name) {
    return this.held.get(name)?.rows ?? 1;
  }

  fetch(name, view) {
    if (!this.table.has(name) || absent(this.table.get(name)) || performance.now() < (this.failed.get(name) ?? 0))
      return;
    if (this.busy.has(name)) return; // what is in view then is looked at again when this one has come
    const start = Math.max(0, view.start - view.span / 2),
      stop = Math.min(view.whole, view.stop + view.span / 2);
    this.busy.set(name, true);
    layer(this.key, name, start, stop, MOST, this.rail)
      .then((found) => {
        const items = (found.items ?? []).map(found.kind === "curve" ? asCurve : asItem).filter(Boolean);
        const rows = found.kind === "curve" ? 1 : packed(items);
        this.held.set(name, {
          rows,
          start,
          stop,
          span: view.span,
          items,
          thinned: Boolean(found.thinned),
          total: found.total ?? items.length,
        });
        this.failed.delete(name);
      })
      .catch((failure) => {
        this.failed.set(name, performance.now() + RETRY_MS);
        this.failure = failure;
        setTimeout(this.arrived, RETRY_MS + 50);
      })
      .finally(() => {
        this.busy.delete(name);
        this.arrived();
      });
  }

  /** Forget what is held, for a session that has grown. */
  clear() {
    this.held.clear();
  }
}

function fits(held, view) {
  const covers = held.start <= Math.max(0, view.start) && held.stop >= Math.min(view.whole, view.stop) - 1e-12;
  return covers && (!held.thinned || (view.span > held.span * 0.6 && view.span < held.span * 1.7));
}

// Sort items, give each span the first row in which it covers none before it, and return how many rows there are.
// What failed comes first: where there are too many, the last row holds the rest.
function packed(items) {
  items.sort((a, b) => a.start - b.start || (WORTH[a.kind] ?? 2) - (WORTH[b.kind] ?? 2));
  const ends = [];
  for (const item of items) {
    let row = item.point ? 0 : ends.findIndex((end) => end <= item.start + 1e-12);
    if (row < 0) row = Math.min(ends.length, MOST_ROWS - 1);
    item.row = row;
    item.covers = row in ends && ends[row] > item.start + 1e-12; // its label would stand on that of another
    ends[row] = Math.max(ends[row] ?? -Infinity, item.stop);
  }
  return Math.max(1, ends.length);
}

function asItem(given) {
  const point = given.at_s !== undefined && given.at_s !== null,
    start = point ? given.at_s : given.start_s;
  if (!Number.isFinite(start)) return null;
  return {
    point,
    start,
    stop: point ? start : (given.stop_s ?? start),
    u: given.u_s ?? null,
    label: plain(given.label ?? "", 200),
    text: plain(given.text || given.label || "", 1200),
    kind: String(given.class ?? ""),
  };
}

function asCurve(given) {
  const at = given.at_s ?? [],
    value = given.value ?? [];
  return {
    at,
    value,
    unit: given.unit ?? "",
    label: plain(given.label ?? "", 100),
    text: plain(given.text ?? "", 300),
    start: at[0] ?? 0,
  };
}

/** Return the index of the first item that begins at or after a time; items are sorted by their beginning. */
export function firstFrom(items, time) {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle].start < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Return the items that touch a stretch of time. */
export function touching(items, start, stop) {
  return items.filter((item) => item.start <= stop && item.stop >= start);
}

/** Return the value of a curve at a time, the nearest one known before it; null where there is none. */
export function curveAt(curve, time) {
  let [low, high] = [0, curve.at.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (curve.at[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low ? curve.value[low - 1] : null;
}
