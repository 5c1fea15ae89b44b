/* SPDX-License-Identifier: Apache-2.0 */
// Tiles of the trace: which are needed, which are there, and what stands in for one that is still on its way.
//
// Level n has columns of 2^n samples; a tile holds COLUMNS of them and begins at a multiple of its size, so that
// panning and coming back ask for the same tiles again. The newest wishes are served first.

export const COLUMNS = 2048; // 32 kB a tile; a view of 1920 pixels needs two or three of them
const KEPT = 360; // tiles, about 12 MB
const AT_ONCE = 4; // requests; browsers open six connections and the layers need some
const FIRST_RETRY_MS = 700,
  LONGEST_RETRY_MS = 15000;

export class TileStore {
  /** `load(signal, start, stop, columns)` returns a promise of a tile; `arrived()` is called for each that came. */
  constructor(load, arrived) {
    Object.assign(this, {
      load,
      arrived,
      length: 0,
      tiles: new Map(),
      busy: new Set(),
      wishes: [],
      held: new Map(),
    });
    this.failure = null; // the last one that has not been followed by an answer
  }

  /** Begin the wishes of a new frame. */
  begin() {
    this.wishes = [];
  }

  /** The trace has grown: tiles that end at its old end are read again, and shown until the new ones are there. */
  grow(length) {
    for (const [key, held] of this.tiles) if (held.stop === this.length && length > this.length) held.stale = true;
    this.length = length;
  }

  clear() {
    this.tiles.clear();
    this.held.clear();
  }

  level(samplesPerPixel) {
    return Math.max(0, Math.min(40, Math.round(Math.log2(Math.max(samplesPerPixel, 1e-9)))));
  }

  size(level) {
    return COLUMNS * 2 ** level;
  }

  /**
   * Return the pieces `{tile, from, to}` (samples) to be drawn of a signal, and wish for what is missing.
   *
   * A piece of a missing tile comes from a coarser one that is there, stretched, or else from finer ones.
   */
  pieces(signal, level, from, to) {
    const size = this.size(level),
      last = Math.ceil(this.length / size) - 1,
      found = [];
    const begin = Math.max(0, Math.floor(from / size)),
      end = Math.min(last, Math.floor(to / size));
    for (let index = begin; index <= end; index++) {
      const held = this.wish(signal, level, index, 0);
      if (held) found.push({ tile: held.tile, from: index * size, to: (index + 1) * size });
      else found.push(...this.instead(signal, level, index));
    }
    for (const index of [end + 1, begin - 1]) if (index >= 0 && index <= last) this.wish(signal, level, index, 1);
    const coarser = Math.floor(begin / 2);
    if (last > 0) this.wish(signal, level + 1, coarser, 2);
    return found;
  }

  instead(signal, level, index) {
    const from = index * this.size(level),
      to = from + this.size(level);
    for (let up = 1; this.size(level + up - 1) < this.length; up++) {
      const held = this.tiles.get(name(signal, level + up, Math.floor(index / 2 ** up)));
      if (held) return [{ tile: held.tile, from, to, stretched: true }];
    }
    const found = [];
    for (let down = 1; down <= 3 && down <= level && !found.length; down++) {
      const size = this.size(level - down);
      for (let k = index * 2 ** down; k < (index + 1) * 2 ** down; k++) {
        const held = this.tiles.get(name(signal, level - down, k));
        if (held) found.push({ tile: held.tile, from: k * size, to: (k + 1) * size, stretched: true });
      }
    }
    return found;
  }

  /** Return what is held of a tile, and see that it comes (again, if it was a preview). */
  wish(signal, level, index, rank) {
    const key = name(signal, level, index),
      held = this.tiles.get(key);
    if (held) {
      this.tiles.delete(key); // the most recently used one is the last to be dropped
      this.tiles.set(key, held);
      if (held.tile.final && !held.stale) return held;
    }
    this.wishes.push({ key, signal, level, index, rank });
    return held;
  }

  /** Send off the wishes of this frame, the visible ones first. */
  serve() {
    this.wishes.sort((a, b) => a.rank - b.rank);
    let soonest = Infinity;
    const now = performance.now();
    for (const wish of this.wishes) {
      if (this.busy.size >= AT_ONCE) return;
      if (this.busy.has(wish.key)) continue;
      const wait = (this.held.get(wish.key)?.until ?? 0) - now;
      if (wait > 0) soonest = Math.min(soonest, wait);
      else this.ask(wish);
    }
    if (soonest < Infinity && !this.waiting) {
      this.waiting = setTimeout(() => {
        this.waiting = 0;
        this.arrived();
      }, soonest);
    }
  }

  async ask({ key, signal, level, index }) {
    this.busy.add(key);
    const start = index * this.size(level),
      stop = Math.min(this.length, start + this.size(level));
    const columns = Math.max(1, Math.ceil((stop - start) / 2 ** level));
    try {
      const tile = await this.load(signal, start, stop, columns);
      this.tiles.set(key, { tile, stop });
      this.failure = null;
      if (tile.final) this.held.delete(key);
      else this.hold(key);
      if (this.tiles.size > KEPT) this.tiles.delete(this.tiles.keys().next().value);
    } catch (failure) {
      this.failure = failure;
      this.hold(key);
    }
    this.busy.delete(key);
    this.arrived();
  }

  /** Ask for a tile again only after a while, longer each time. */
  hold(key) {
    const wait = Math.min(LONGEST_RETRY_MS, (this.held.get(key)?.wait ?? FIRST_RETRY_MS / 1.6) * 1.6);
    this.held.set(key, { wait, until: performance.now() + wait });
  }
}

function name(signal, level, index) {
  return `${signal}/${level}/${index}`;
}

/** Return the lowest and highest value among columns of pieces that overlap [from, to); `positive` skips the rest. */
export function extent(pieces, from, to, positive = false) {
  let low = Infinity,
    high = -Infinity;
  for (const { tile, from: a, to: b } of pieces) {
    const [begin, end] = columnsOf(tile, Math.max(a, from), Math.min(b, to));
    for (let k = begin; k < end; k++) {
      if (tile.low[k] < low && (!positive || tile.low[k] > 0)) low = tile.low[k];
      if (tile.high[k] > high) high = tile.high[k];
    }
  }
  return [low, high];
}

/** Return the columns [begin, end) of a tile that overlap samples [from, to). */
export function columnsOf(tile, from, to) {
  const begin = Math.max(0, Math.floor((from - tile.first) / tile.width));
  const end = Math.min(tile.columns, Math.ceil((to - tile.first) / tile.width));
  return [begin, Math.max(begin, end)];
}

/** Return what is known of a signal at a sample: `{low, mean, high, present, width, first, final}`, or null. */
export function at(pieces, sample) {
  for (const { tile, from, to } of pieces) {
    if (sample < from || sample >= to) continue;
    const k = Math.floor((sample - tile.first) / tile.width);
    if (k < 0 || k >= tile.columns) continue;
    const value = (list) => (Number.isNaN(list[k]) ? null : list[k]);
    return {
      low: value(tile.low),
      mean: value(tile.mean),
      high: value(tile.high),
      present: value(tile.present),
      width: tile.width,
      first: tile.first + k * tile.width,
      final: tile.final,
    };
  }
  return null;
}
