/* SPDX-License-Identifier: Apache-2.0 */
// Colours of the page's style for what is drawn, and the hatching of what is missing.

const NAMES = [
  "text",
  "quiet",
  "card",
  "page",
  "rule",
  "accent",
  "good",
  "good-back",
  "bad",
  "bad-back",
  "warn",
  "warn-back",
];
const PLOT = [
  "text",
  "grid",
  "line",
  "band",
  "window",
  "edge",
  "loss",
  "range",
  "current",
  "current-band",
  "voltage",
  "voltage-band",
  "a",
  "b",
  "region",
];

/** Return the colours that apply to an element. */
export function palette(element = document.documentElement) {
  const style = getComputedStyle(element);
  const read = (name) => style.getPropertyValue(name).trim();
  return {
    ...Object.fromEntries(NAMES.map((name) => [name, read("--" + name)])),
    plot: Object.fromEntries(PLOT.map((name) => [name, read("--plot-" + name)])),
    series: [1, 2, 3, 4, 5, 6, 7, 8].map((k) => read("--series-" + k)),
    font: "12px " + (style.fontFamily || "sans-serif"),
    small: "11px " + (style.fontFamily || "sans-serif"),
    bold: "600 12px " + (style.fontFamily || "sans-serif"),
  };
}

/** Return the line and band colours of a signal. */
export function ofSignal(colours, unit) {
  if (unit === "A") return [colours.plot.current, colours.plot["current-band"]];
  if (unit === "V") return [colours.plot.voltage, colours.plot["voltage-band"]];
  return [colours.plot.line, colours.plot.band];
}

/** Return [line, background] of a class of an item: "", good, bad or warn. */
export function ofClass(colours, name) {
  if (name === "good" || name === "bad" || name === "warn") return [colours[name], colours[name + "-back"]];
  return [colours.plot.line, colours.plot.band];
}

const patterns = new Map();

/** Fill a rectangle with slanted lines; a drawing that is no canvas knows how to do it itself. */
export function hatch(ctx, x, y, width, height, colour) {
  if (ctx.hatched) return ctx.hatched(x, y, width, height, colour);
  const ratio = ctx.ratio || 1,
    key = `${colour} ${ratio}`;
  if (!patterns.has(key)) patterns.set(key, pattern(colour, ratio));
  const made = ctx.createPattern(patterns.get(key), "repeat");
  made.setTransform(new DOMMatrix().scale(1 / ratio));
  ctx.fillStyle = made;
  ctx.fillRect(x, y, width, height);
}

function pattern(colour, ratio) {
  const side = Math.round(7 * ratio),
    canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const ctx = canvas.getContext("2d");
  ctx.globalAlpha = 0.16;
  ctx.fillStyle = colour;
  ctx.fillRect(0, 0, side, side);
  ctx.globalAlpha = 0.85;
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.3 * ratio;
  ctx.beginPath();
  for (const shift of [-side, 0, side]) {
    ctx.moveTo(shift, side);
    ctx.lineTo(shift + side, 0);
  }
  ctx.stroke();
  return canvas;
}
