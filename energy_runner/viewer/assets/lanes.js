/* SPDX-License-Identifier: Apache-2.0 */
// Draws the layers: windows, edges, losses and over-range across the panes, the others in lanes, curves in panes.

import { drawFrame, fitted, plate, within } from "./draw.js";
import { hatch, ofClass } from "./palette.js";
import { niceRange, valueTicks } from "./axes.js";
import { number } from "./words.js";

const LEAST_LABEL = 16; // pixels: narrower ones get no label
const CURVE_TICKS = 3;

/** Shade the windows of a pane, behind its values. */
export function shadeWindows(ctx, items, map, toSample, colours) {
  for (const item of items) {
    const from = toSample(item.start),
      to = toSample(item.stop);
    if (to < map.from || from > map.to) continue;
    const [x0, x1] = within(map, from, to, 1.5);
    ctx.fillStyle = colours.plot.window;
    ctx.fillRect(x0, map.top, x1 - x0, map.height);
    ctx.strokeStyle = item.kind === "bad" ? colours.bad : colours.plot.edge;
    ctx.lineWidth = 1.2;
    ctx.beginPath();
    for (const x of [map.x(from), map.x(to)]) {
      if (x < map.left - 1 || x > map.right + 1) continue;
      ctx.moveTo(x, map.top);
      ctx.lineTo(x, map.bottom);
    }
    ctx.stroke();
  }
}

/** Write above the panes what each window took: the whole sentence, its label, or nothing, as there is room. */
export function labelWindows(ctx, items, map, top, toSample, colours) {
  ctx.font = colours.small;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  for (const item of items) {
    const from = Math.max(toSample(item.start), map.from),
      to = Math.min(toSample(item.stop), map.to);
    if (to <= from) continue;
    const [x0, x1] = within(map, from, to, 1),
      room = x1 - x0 - 8,
      [line, back] = tint(item, colours);
    ctx.fillStyle = back;
    ctx.fillRect(x0, top, Math.max(1, x1 - x0), 18);
    if (room < LEAST_LABEL - 8) continue;
    const text = [item.text, ...shorter(item.text), item.label].find(
      (words) => ctx.measureText(words).width <= room,
    );
    ctx.fillStyle = line;
    if (text) ctx.fillText(text, (x0 + x1) / 2, top + 9.5);
  }
}

// "window 3: 12.34 mJ, 1.234 µJ per inference ± 0.02 µJ" without its beginning still says what is of interest.
function shorter(text) {
  const rest = text.includes(": ") ? text.slice(text.indexOf(": ") + 2) : text;
  const last = rest.split(", ").find((part) => part.includes("per inference")) ?? rest;
  return [rest, last, last.replace(" per inference", "")];
}

function tint(item, colours) {
  if (item.kind) return ofClass(colours, item.kind);
  return [colours.plot.text, colours.plot.window];
}

/** Draw the edges of the DUT as lines, and how far off they may be as bands. */
export function drawEdges(ctx, items, map, toSample, colours) {
  ctx.strokeStyle = colours.plot.edge;
  ctx.lineWidth = 1;
  for (const item of items) {
    const x = map.x(toSample(item.start));
    if (x < map.left - 20 || x > map.right + 20) continue;
    const half = item.u === null ? 0 : map.x(toSample(item.start + item.u)) - x;
    ctx.globalAlpha = 0.3;
    ctx.fillStyle = colours.plot.edge;
    const [x0, x1] = [Math.max(map.left, x - half), Math.min(map.right, x + half)];
    if (half > 0.7 && x1 > x0) ctx.fillRect(x0, map.top, x1 - x0, map.height);
    ctx.globalAlpha = 1;
    if (x < map.left || x > map.right) continue;
    ctx.setLineDash([3, 3]);
    ctx.beginPath();
    ctx.moveTo(x, map.top);
    ctx.lineTo(x, map.bottom);
    ctx.stroke();
    ctx.setLineDash([]);
  }
}

/** Mark a pane where samples were lost (hatched) or beyond the range (a bar along the top). */
export function drawStretches(ctx, items, map, toSample, colours, range) {
  for (const item of items) {
    const from = toSample(item.start),
      to = toSample(item.stop);
    if (to < map.from || from > map.to) continue;
    const [x0, x1] = within(map, from, to, 3);
    if (!range) hatch(ctx, x0, map.top, x1 - x0, map.height, colours.plot.loss);
    else {
      ctx.fillStyle = colours.plot.range;
      ctx.fillRect(x0, map.top, x1 - x0, 5);
      ctx.globalAlpha = 0.16;
      ctx.fillRect(x0, map.top, x1 - x0, map.height);
      ctx.globalAlpha = 1;
    }
  }
}

/** Draw the items of a lane: spans as boxes, moments as ticks with how far off they may be. */
export function drawLane(ctx, held, map, toSample, colours, title, narrow) {
  const { top, bottom, left, right } = map,
    middle = (top + bottom) / 2;
  ctx.strokeStyle = colours.plot.grid;
  ctx.lineWidth = 1;
  ctx.strokeRect(left, map.snap(top) + 0.5, map.width, map.height - 1);
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, map.width, map.height);
  ctx.clip();
  ctx.font = colours.small;
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  const seen = held.items.filter(
    (item) => item.stop + (item.u ?? 0) >= map.begin && item.start - (item.u ?? 0) <= map.end,
  );
  const rows = held.rows ?? 1,
    first = top + (narrow ? 13 : 3),
    height = (bottom - first - 3 - (rows - 1)) / rows;
  seen.forEach((item, k) => {
    const [line, back] = ofClass(colours, item.kind),
      x = map.x(toSample(item.start));
    const tall = first + (item.row ?? 0) * (height + 1);
    if (item.point) {
      drawPoint(ctx, item, x, map, toSample, line, tall, height);
      const next = k + 1 < seen.length ? map.x(toSample(seen[k + 1].start)) : right;
      const words = fitted(ctx, item.label || item.text, next - x - 10);
      ctx.fillStyle = item.kind ? line : colours.plot.text;
      if (words && next - x > LEAST_LABEL) ctx.fillText(words, x + 6, tall + height / 2);
      return;
    }
    const [x0, x1] = within(map, toSample(item.start), toSample(item.stop), 1.5);
    ctx.fillStyle = back;
    ctx.fillRect(x0, tall, x1 - x0, height);
    ctx.fillStyle = line;
    ctx.fillRect(x0, tall, 1, height);
    if (x1 - x0 > LEAST_LABEL && !item.covers) {
      const words = fitted(ctx, item.label || item.text, x1 - x0 - 8);
      ctx.fillStyle = item.kind ? line : colours.plot.text;
      if (words) ctx.fillText(words, x0 + 5, tall + height / 2);
    }
  });
  ctx.restore();
  const thinned = held.thinned ? ` (${number(held.total, 9)}, counts shown)` : "";
  if (narrow) plate(ctx, title + thinned, left + 3, top + 1, colours);
  else laneTitle(ctx, title, held, left, middle, colours);
}

function laneTitle(ctx, title, held, left, middle, colours) {
  ctx.font = colours.small;
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  ctx.fillStyle = colours.plot.text;
  ctx.fillText(fitted(ctx, title, left - 10), left - 6, middle);
}

function drawPoint(ctx, item, x, map, toSample, line, top, height) {
  ctx.strokeStyle = ctx.fillStyle = line;
  ctx.lineWidth = 1.5;
  const half = item.u === null ? 0 : map.x(toSample(item.start + item.u)) - x;
  if (half > 2) {
    ctx.globalAlpha = 0.22;
    ctx.fillRect(
      Math.max(map.left, x - half),
      top,
      Math.min(map.right, x + half) - Math.max(map.left, x - half),
      height,
    );
    ctx.globalAlpha = 1;
  }
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x, top + height);
  ctx.stroke();
  ctx.beginPath();
  ctx.moveTo(x - 3, top);
  ctx.lineTo(x + 3, top);
  ctx.lineTo(x, top + 5);
  ctx.closePath();
  ctx.fill();
}

/** Draw a curve (voltage, temperature) in a pane of its own, each value until the next one. */
export function drawCurve(ctx, held, base, mapper, toSample, colours, title, unit, xs) {
  let [low, high] = [Infinity, -Infinity];
  for (const { at, value } of held.items) {
    for (let k = 0; k < at.length; k++) {
      const gone = at[k] > base.end || (k + 1 < at.length && at[k + 1] < base.begin);
      if (gone || value[k] === null) continue;
      low = Math.min(low, value[k]);
      high = Math.max(high, value[k]);
    }
  }
  const [bottom, topValue] = niceRange(low, high, false);
  const map = mapper(bottom, topValue),
    shown = valueTicks(bottom, topValue, unit, CURVE_TICKS);
  drawFrame(
    ctx,
    map,
    Number.isFinite(low) ? shown.ticks : [],
    xs,
    colours,
    `${title}${unit ? ` (${shown.unit})` : ""}`,
  );
  ctx.save();
  ctx.beginPath();
  ctx.rect(map.left, map.top, map.width, map.height);
  ctx.clip();
  ctx.strokeStyle = unit === "V" ? colours.plot.voltage : colours.plot.edge;
  ctx.lineWidth = 1.5;
  for (const { at, value } of held.items) {
    ctx.beginPath();
    let before = null;
    for (let k = 0; k < at.length; k++) {
      if (value[k] === null) {
        before = null;
        continue;
      }
      const x = map.x(toSample(at[k])),
        y = map.y(value[k]);
      if (before === null) ctx.moveTo(x, y);
      else {
        ctx.lineTo(x, before);
        ctx.lineTo(x, y);
      }
      before = y;
    }
    if (before !== null) ctx.lineTo(Math.min(map.right, map.x(toSample(base.end))), before);
    ctx.stroke();
  }
  ctx.restore();
}
