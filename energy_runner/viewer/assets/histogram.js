/* SPDX-License-Identifier: Apache-2.0 */
// The histogram of a region, as a picture and in words.

import { el, svg } from "./dom.js";
import { count, number, prefixed, scaleFor } from "./words.js";

const WIDTH = 640,
  HEIGHT = 150,
  BOTTOM = 22;

/** Return a figure of {edges_w, counts}; null where there is nothing to show. */
export function histogram(given) {
  const edges = given?.edges_w ?? [],
    counts = given?.counts ?? [],
    most = Math.max(0, ...counts);
  if (!most || edges.length !== counts.length + 1) return null;
  const low = edges[0],
    high = edges.at(-1),
    span = high - low || 1,
    scale = scaleFor(Math.max(Math.abs(low), Math.abs(high)), "W");
  const x = (value) => ((value - low) / span) * WIDTH,
    all = counts.reduce((sum, n) => sum + n, 0);
  const bars = counts.map((n, k) => {
    // The root lets a bar of a few samples be seen beside one of millions; the words say the counts.
    const tall = n ? Math.max(1.5, Math.sqrt(n / most) * (HEIGHT - BOTTOM - 4)) : 0;
    const box = {
      x: x(edges[k]),
      y: HEIGHT - BOTTOM - tall,
      width: Math.max(0.8, x(edges[k + 1]) - x(edges[k]) - 0.8),
      height: tall,
    };
    return svg(
      "rect",
      { ...box, class: "bin" },
      svg("title", {}, `${prefixed(edges[k], "W")} to ${prefixed(edges[k + 1], "W")}: ${number(n, 12)}`),
    );
  });
  const words = (value, anchor, at) =>
    svg("text", { x: at, y: HEIGHT - 5, "text-anchor": anchor }, number(value * scale.factor, 4));
  const top = counts.indexOf(most),
    share = ((100 * most) / all).toPrecision(2);
  const said =
    `Histogram of the power in ${counts.length} classes. Most samples (${share} %) lie between ` +
    `${prefixed(edges[top], "W")} and ${prefixed(edges[top + 1], "W")}.`;
  const picture = svg(
    "svg",
    { class: "chart histogram", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": said },
    bars,
    svg("line", { x1: 0, x2: WIDTH, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM, class: "axis" }),
    words(low, "start", 0),
    words((low + high) / 2, "middle", WIDTH / 2),
    words(high, "end", WIDTH),
  );
  return el(
    "figure",
    {},
    picture,
    el(
      "figcaption",
      {},
      `Power (${scale.unit}); heights are roots of the counts. ${said.split(". ")[1]} ${count(all, "sample")}.`,
    ),
  );
}
