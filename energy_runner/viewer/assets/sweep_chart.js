/* SPDX-License-Identifier: Apache-2.0 */
// Energy against latency of a sweep: each point is a link to its trace.

import { niceRange, valueTicks } from "./axes.js";
import { el, svg } from "./dom.js";

const WIDTH = 640,
  HEIGHT = 300,
  LEFT = 64,
  RIGHT = 16,
  TOP = 14,
  BOTTOM = 44,
  MICRO = 1e6,
  MOST = 400; // points; more are a cloud, and the table has them all

/** Return a figure of `[{x, y, u, valid, address, said}]`: seconds, joules and U of each; null where there are few. */
export function pointsChart(points, virtual) {
  if (points.length < 2) return null;
  const shown = points.slice(0, MOST);
  const [x0, x1] = niceRange(Math.min(...shown.map((p) => p.x)), Math.max(...shown.map((p) => p.x)), false);
  const [y0, y1] = niceRange(
    Math.min(...shown.map((p) => p.y - p.u)),
    Math.max(...shown.map((p) => p.y + p.u)),
    false,
  );
  const x = (value) => LEFT + ((value - x0) / (x1 - x0)) * (WIDTH - LEFT - RIGHT),
    y = (value) => HEIGHT - BOTTOM - ((value - y0) / (y1 - y0)) * (HEIGHT - TOP - BOTTOM);
  const across = valueTicks(x0, x1, "s", 6),
    up = valueTicks(y0 * MICRO, y1 * MICRO, "", 6); // as everywhere, energies of an inference are in µJ
  const text = (at, said, anchor) => svg("text", { ...at, "text-anchor": anchor }, said);
  const frame = [
    across.ticks.map((tick) => [
      svg("line", { x1: x(tick.at), x2: x(tick.at), y1: TOP, y2: HEIGHT - BOTTOM, class: "axis" }),
      text({ x: x(tick.at), y: HEIGHT - BOTTOM + 15 }, tick.text, "middle"),
    ]),
    up.ticks.map((tick) => [
      svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick.at / MICRO), y2: y(tick.at / MICRO), class: "axis" }),
      text({ x: LEFT - 6, y: y(tick.at / MICRO) + 4 }, tick.text, "end"),
    ]),
    text({ x: WIDTH - RIGHT, y: HEIGHT - 8 }, `latency (${across.unit})`, "end"),
    text({ x: LEFT, y: HEIGHT - 8 }, "energy per inference (µJ), with U", "start"),
  ];
  const marks = shown.map((point) => {
    const drawn = [
      svg("title", {}, point.said),
      svg("line", { x1: x(point.x), x2: x(point.x), y1: y(point.y - point.u), y2: y(point.y + point.u), class: "u" }),
      point.valid
        ? svg("circle", { cx: x(point.x), cy: y(point.y), r: 6 })
        : svg("path", { d: `M${x(point.x) - 6} ${y(point.y) - 6}l12 12m0 -12l-12 12` }),
    ];
    const kind = point.valid ? "mark" : "mark bad";
    return point.address
      ? svg("a", { href: point.address, "aria-label": point.said, class: kind }, drawn)
      : svg("g", { class: kind }, drawn);
  });
  return el(
    "figure",
    { class: "sweep-chart" },
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": "Energy against latency" }, frame, marks),
    el(
      "figcaption",
      { class: "quiet" },
      virtual ? el("span", { class: "tag" }, "VIRTUAL") : null,
      " Each point leads to its trace." +
        (points.length > MOST ? ` The first ${MOST} of ${points.length} are shown.` : ""),
    ),
  );
}
