/* SPDX-License-Identifier: Apache-2.0 */
// A small chart of bands with means over time, for comparisons and for what runs now.

import { drawFrame, mapping } from "./draw.js";
import { niceRange, timeTicks, valueTicks } from "./axes.js";
import { palette } from "./palette.js";
import { framed } from "./dom.js";

const TOP = 8,
  BOTTOM = 36,
  RIGHT = 10;
const DASHES = [[], [8, 3], [2, 3], [10, 3, 2, 3]]; // series are told apart by more than their colour

export class Chart {
  /** `series` = [{name, at, low, mean, high, index}]; `options` = {height, unit, range: () => [start, stop] | null, axis}. */
  constructor(place, options) {
    Object.assign(this, {
      place,
      options,
      series: [],
      colours: palette(),
      canvas: document.createElement("canvas"),
      pointer: null,
    });
    this.canvas.setAttribute("aria-hidden", "true");
    place.append(this.canvas);
    this.draw = framed(() => this.paint());
    new ResizeObserver(this.draw).observe(place);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.colours = palette();
      this.draw();
    });
    this.canvas.addEventListener("pointermove", (event) => {
      this.pointer = event.offsetX;
      this.draw();
    });
    this.canvas.addEventListener("pointerleave", () => {
      this.pointer = null;
      this.draw();
    });
  }

  set(series) {
    this.series = series;
    this.draw();
  }

  get range() {
    const given = this.options.range?.();
    if (given) return given;
    let [start, stop] = [Infinity, -Infinity];
    for (const { at } of this.series)
      if (at.length) [start, stop] = [Math.min(start, at[0]), Math.max(stop, at.at(-1))];
    return stop > start ? [start, stop] : [0, 1];
  }

  paint() {
    const width = Math.max(200, Math.floor(this.place.clientWidth)),
      ratio = Math.min(3, window.devicePixelRatio || 1);
    const { height, unit, axis } = this.options,
      c = this.colours,
      left = width < 640 ? 46 : 64;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
      this.canvas.style.width = width + "px";
      this.canvas.style.height = height + "px";
    }
    const ctx = this.canvas.getContext("2d", { alpha: false }),
      [start, stop] = this.range;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.fillStyle = c.card;
    ctx.fillRect(0, 0, width, height);
    const [low, high] = niceRange(...this.extent(start, stop), Boolean(this.options.zero));
    const map = mapping({
      left,
      width: width - left - RIGHT,
      top: TOP,
      height: height - TOP - BOTTOM,
      from: start,
      to: stop,
      low,
      high,
      ratio,
    });
    const times = timeTicks(start, stop, Math.max(2, Math.floor(map.width / 95))),
      values = valueTicks(low, high, unit, Math.floor(map.height / 34));
    const xs = times.ticks.map((tick) => map.x(tick.at));
    const title = `${this.options.title ?? "power"} (${values.unit})`;
    drawFrame(ctx, map, values.ticks, xs, c, "");
    ctx.save();
    ctx.beginPath();
    ctx.rect(map.left, map.top, map.width, map.height);
    ctx.clip();
    for (const one of this.series) this.band(ctx, one, map);
    for (const one of this.series) this.line(ctx, one, map);
    ctx.restore();
    ctx.fillStyle = c.plot.text;
    ctx.font = c.small;
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    times.ticks.forEach((tick, k) => ctx.fillText(tick.text, xs[k], map.bottom + 4));
    ctx.textAlign = "right";
    ctx.fillText(`${axis} (${times.unit})`, map.right, map.bottom + 20);
    ctx.textAlign = "left";
    ctx.fillText(title, map.left, map.bottom + 20);
    if (this.pointer !== null && this.pointer >= map.left && this.pointer <= map.right) {
      ctx.strokeStyle = c.quiet;
      ctx.lineWidth = 1;
      ctx.beginPath();
      ctx.moveTo(this.pointer, map.top);
      ctx.lineTo(this.pointer, map.bottom);
      ctx.stroke();
    }
    this.options.hover?.(this.pointer === null ? null : map.sample(this.pointer), this.pointer);
    this.frames = (this.frames ?? 0) + 1;
  }

  extent(start, stop) {
    let [low, high] = [Infinity, -Infinity];
    for (const { at, low: lows, high: highs } of this.series) {
      for (let k = 0; k < at.length; k++) {
        if (at[k] < start || at[k] > stop || lows[k] === null || highs[k] === null) continue;
        if (lows[k] < low) low = lows[k];
        if (highs[k] > high) high = highs[k];
      }
    }
    return [low, high];
  }

  colour(index) {
    return this.colours.series[index % this.colours.series.length];
  }

  band(ctx, { at, low, high, index }, map) {
    ctx.fillStyle = this.colour(index);
    ctx.globalAlpha = 0.22;
    for (const [from, to] of runs(low, high)) {
      ctx.beginPath();
      for (let k = from; k < to; k++) ctx.lineTo(map.x(at[k]), map.y(high[k]));
      for (let k = to - 1; k >= from; k--) ctx.lineTo(map.x(at[k]), map.y(low[k]));
      ctx.closePath();
      ctx.fill();
    }
    ctx.globalAlpha = 1;
  }

  line(ctx, { at, mean, index }, map) {
    ctx.strokeStyle = this.colour(index);
    ctx.lineWidth = 1.6;
    ctx.setLineDash(DASHES[Math.floor(index / 2) % DASHES.length]);
    ctx.beginPath();
    for (const [from, to] of runs(mean, mean)) {
      ctx.moveTo(map.x(at[from]), map.y(mean[from]));
      for (let k = from + 1; k < to; k++) ctx.lineTo(map.x(at[k]), map.y(mean[k]));
    }
    ctx.stroke();
    ctx.setLineDash([]);
  }
}

const there = (value) => value !== null && value !== undefined && !Number.isNaN(value);

// The stretches [from, to) in which both lists have values: what is missing is not bridged.
function runs(low, high) {
  const found = [];
  let from = -1;
  for (let k = 0; k <= low.length; k++) {
    const good = k < low.length && there(low[k]) && there(high[k]);
    if (good && from < 0) from = k;
    else if (!good && from >= 0) {
      found.push([from, k]);
      from = -1;
    }
  }
  return found;
}

/** Return the value of a series at a time, by the nearest of its columns; null where there is none. */
export function nearest({ at, mean }, time) {
  let best = -1,
    away = Infinity;
  for (let k = 0; k < at.length; k++)
    if (Math.abs(at[k] - time) < away) [best, away] = [k, Math.abs(at[k] - time)];
  const step = at.length > 1 ? (at.at(-1) - at[0]) / (at.length - 1) : Infinity;
  return best >= 0 && away <= 2 * step && there(mean[best]) ? mean[best] : null;
}

/** Return a key of a series for legends: its colour and dashes, as a small picture. */
export function keyOf(index, colours = palette()) {
  const canvas = document.createElement("canvas"),
    ratio = window.devicePixelRatio || 1;
  canvas.width = 34 * ratio;
  canvas.height = 12 * ratio;
  canvas.className = "series-key";
  canvas.setAttribute("aria-hidden", "true");
  const ctx = canvas.getContext("2d");
  ctx.scale(ratio, ratio);
  ctx.strokeStyle = colours.series[index % colours.series.length];
  ctx.lineWidth = 2.5;
  ctx.setLineDash(DASHES[Math.floor(index / 2) % DASHES.length]);
  ctx.beginPath();
  ctx.moveTo(0, 6);
  ctx.lineTo(34, 6);
  ctx.stroke();
  return canvas;
}
