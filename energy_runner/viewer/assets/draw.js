/* SPDX-License-Identifier: Apache-2.0 */
// Draws a pane: grid, values, gaps. It draws into a canvas or into anything with the same few methods (svg.js).

import { columnsOf } from "./tiles.js";
import { hatch } from "./palette.js";

const LEAST_GAP = 3; // pixels: one lost sample must be visible in a night
const SPIKE_PX = 8,
  SPIKE_SHARE = 0.12; // by how much of a pane a column has to stand out to be drawn as a spike
const POINTS_FROM = 7; // pixels a sample, from which on each sample gets its point

/** Return the mapping of a pane: `x(sample)`, `y(value)` in CSS pixels, aligned to the screen's own by `snap`. */
export function mapping({ left, width, top, height, from, to, low, high, log, ratio }) {
  const perSample = width / (to - from);
  const [a, b] = log ? [Math.log10(low), Math.log10(high)] : [low, high];
  const perValue = height / (b - a || 1),
    bottom = top + height;
  const value = log ? (v) => (v > 0 ? Math.log10(v) : a - 1) : (v) => v;
  return {
    left,
    top,
    width,
    height,
    bottom,
    from,
    to,
    ratio,
    perSample,
    right: left + width,
    x: (sample) => left + (sample - from) * perSample,
    sample: (x) => from + (x - left) / perSample,
    y: (v) => Math.min(Math.max(bottom - (value(v) - a) * perValue, top - 2), bottom + 2),
    snap: (px) => Math.round(px * ratio) / ratio,
  };
}

/** Draw the values of a signal: bands of minimum and maximum with the mean in them, or single samples as steps. */
export function drawValues(ctx, pieces, map, line, band) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(map.left, map.top, map.width, map.height);
  ctx.clip();
  for (const piece of pieces) {
    const from = Math.max(piece.from, map.from),
      to = Math.min(piece.to, map.to);
    if (to <= from) continue;
    if (piece.tile.width <= 1) drawSamples(ctx, piece.tile, from, to, map, line);
    else drawBand(ctx, piece.tile, from, to, map, line, band);
  }
  ctx.restore();
}

function drawBand(ctx, tile, from, to, map, line, band) {
  const [begin, end] = columnsOf(tile, from, to),
    pixel = 1 / map.ratio;
  const means = [],
    boxes = [];
  let left = null,
    low = Infinity,
    high = -Infinity;
  const close = (right) => {
    // Bands are boxes on whole pixels of the screen: neighbours neither overlap nor leave a seam.
    if (left === null || low > high) return;
    const y = map.snap(map.y(high)),
      height = Math.max(pixel, map.snap(map.y(low)) - y);
    boxes.push(left, y, Math.max(pixel, right - left), height);
  };
  for (let k = begin; k < end; k++) {
    const first = tile.first + k * tile.width;
    const x0 = map.snap(map.x(Math.max(from, first))),
      there = tile.low[k] <= tile.high[k];
    if (left === null || x0 > left) {
      close(x0);
      [left, low, high] = [x0, Infinity, -Infinity];
    }
    if (there) {
      if (tile.low[k] < low) low = tile.low[k];
      if (tile.high[k] > high) high = tile.high[k];
      means.push(map.x(Math.min(Math.max(first + tile.width / 2, from), to)), map.y(tile.mean[k]));
    } else {
      if (low > high) left = null;
      means.push(NaN, NaN);
    }
  }
  close(map.snap(map.x(Math.min(to, tile.first + end * tile.width))));
  ctx.fillStyle = band;
  for (let k = 0; k < boxes.length; k += 4) ctx.fillRect(boxes[k], boxes[k + 1], boxes[k + 2], boxes[k + 3]);
  drawSpikes(ctx, boxes, line, Math.max(SPIKE_PX, SPIKE_SHARE * map.height));
  strokePoints(ctx, means, line, 1.3);
}

// A spike of one pixel's width would hardly be seen in the pale colour of the band: what stands out of both
// neighbours is drawn in the colour of the line.
function drawSpikes(ctx, boxes, line, least) {
  ctx.fillStyle = line;
  for (let k = 4; k + 4 < boxes.length; k += 4) {
    const [x, y, width, height] = [boxes[k], boxes[k + 1], boxes[k + 2], boxes[k + 3]];
    const above = Math.min(boxes[k - 3], boxes[k + 5]) - y;
    const below = y + height - Math.max(boxes[k - 3] + boxes[k - 1], boxes[k + 5] + boxes[k + 7]);
    if (above > least) ctx.fillRect(x, y, width, Math.min(above, height));
    if (below > least) ctx.fillRect(x, y + height - Math.min(below, height), width, Math.min(below, height));
  }
}

function strokePoints(ctx, points, colour, width) {
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.beginPath();
  let open = false;
  for (let k = 0; k < points.length; k += 2) {
    if (Number.isNaN(points[k])) open = false;
    else if (open) ctx.lineTo(points[k], points[k + 1]);
    else {
      ctx.moveTo(points[k] - 0.5, points[k + 1]); // half a pixel long even if it is alone
      ctx.lineTo(points[k], points[k + 1]);
      open = true;
    }
  }
  ctx.stroke();
}

function drawSamples(ctx, tile, from, to, map, line) {
  const [begin, end] = columnsOf(tile, Math.floor(from), Math.ceil(to));
  ctx.strokeStyle = line;
  ctx.lineWidth = 1.5;
  ctx.beginPath();
  let open = false;
  for (let k = begin; k < end; k++) {
    const value = tile.mean[k];
    if (Number.isNaN(value)) {
      open = false;
      continue;
    }
    const x = map.x(tile.first + k),
      y = map.y(value);
    if (open) ctx.lineTo(x, y);
    else ctx.moveTo(x, y);
    ctx.lineTo(x + map.perSample, y); // a sample holds for its whole period
    open = true;
  }
  ctx.stroke();
  if (map.perSample < POINTS_FROM) return;
  ctx.fillStyle = line;
  for (let k = begin; k < end; k++) {
    if (Number.isNaN(tile.mean[k])) continue;
    ctx.beginPath();
    ctx.arc(map.x(tile.first + k + 0.5), map.y(tile.mean[k]), 2.4, 0, 2 * Math.PI);
    ctx.fill();
  }
}

/** Return the stretches [from, to) of samples in view in which samples are missing, neighbours merged. */
export function gaps(pieces, map) {
  const found = [];
  for (const piece of pieces) {
    const from = Math.max(piece.from, map.from),
      to = Math.min(piece.to, map.to);
    const [begin, end] = columnsOf(piece.tile, from, to);
    for (let k = begin; k < end; k++) {
      if (!(piece.tile.present[k] < 1)) continue; // NaN: not known yet
      const a = Math.max(from, piece.tile.first + k * piece.tile.width);
      const b = Math.min(to, piece.tile.first + (k + 1) * piece.tile.width),
        last = found.at(-1);
      if (last && a <= last[1] + 1 / map.perSample) last[1] = b;
      else found.push([a, b]);
    }
  }
  return found;
}

/** Hatch where samples are missing. */
export function drawGaps(ctx, stretches, map, colour) {
  for (const [from, to] of stretches) {
    const [x0, x1] = within(map, from, to, LEAST_GAP);
    hatch(ctx, x0, map.top, x1 - x0, map.height, colour);
  }
}

/** Return the two sides of a stretch of samples in a pane, at least `least` pixels apart. */
export function within(map, from, to, least = 1) {
  let x0 = map.x(from),
    x1 = map.x(to);
  if (x1 - x0 < least) [x0, x1] = [(x0 + x1 - least) / 2, (x0 + x1 + least) / 2];
  return [Math.max(map.left, x0), Math.min(map.right, x1)];
}

/** Draw the frame, the grid and the labels of the values of a pane. */
export function drawFrame(ctx, map, ticks, xs, colours, title) {
  ctx.lineWidth = 1;
  ctx.strokeStyle = colours.plot.grid;
  ctx.beginPath();
  const crisp = (px) => map.snap(px) + 0.5 / map.ratio;
  for (const x of xs) {
    ctx.moveTo(crisp(x), map.top);
    ctx.lineTo(crisp(x), map.bottom);
  }
  for (const { at } of ticks) {
    const y = crisp(map.y(at));
    if (y < map.top || y > map.bottom + 1) continue;
    ctx.moveTo(map.left, y);
    ctx.lineTo(map.right, y);
  }
  ctx.stroke();
  ctx.fillStyle = colours.plot.text;
  ctx.font = colours.small;
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  for (const { at, text } of ticks) {
    const y = map.y(at);
    if (y >= map.top - 1 && y <= map.bottom + 1)
      ctx.fillText(text, map.left - 6, Math.min(Math.max(y, map.top + 5), map.bottom - 4));
  }
  plate(ctx, title, map.left + 6, map.top + 5, colours);
}

/** Write a title over what is drawn, on a plate in the card's colour so that it can be read. */
export function plate(ctx, text, x, y, colours) {
  ctx.font = colours.small;
  const width = ctx.measureText(text).width;
  ctx.globalAlpha = 0.82;
  ctx.fillStyle = colours.card;
  ctx.fillRect(x - 3, y - 2, width + 6, 16);
  ctx.globalAlpha = 1;
  ctx.fillStyle = colours.plot.text;
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  ctx.fillText(text, x, y);
}

/** Return text cut so that it fits into `width` pixels; "" if not even two characters do. */
export function fitted(ctx, text, width) {
  if (ctx.measureText(text).width <= width) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (ctx.measureText(text.slice(0, middle) + "…").width <= width) low = middle;
    else high = middle - 1;
  }
  return low >= 2 ? text.slice(0, low) + "…" : "";
}
