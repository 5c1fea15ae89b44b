/* SPDX-License-Identifier: Apache-2.0 */
// The trace in words: a table of the windows, and of what is in view. Filled only while it is open.

import { byId, el, fill } from "./dom.js";
import { extent } from "./tiles.js";
import { count, duration, exactly, moment, number, plain, prefixed } from "./words.js";

const MOST_ROWS = 200;

/** Fill the table of what is in view: signals as they are drawn, and the items of the layers that are switched on. */
export function fillInView(plot, view, layers) {
  const from = view.start / view.period,
    to = view.stop / view.period,
    rows = [];
  const signals = view.signals.map((name) => {
    const pieces = plot.shown.get(name) ?? [],
      unit = plot.unit(name),
      [low, high] = extent(pieces, from, to);
    const there = Number.isFinite(low);
    return `${plot.title(name, unit)}: ${there ? `from ${prefixed(low, unit)} to ${prefixed(high, unit)}` : "no samples"}`;
  });
  let more = 0;
  for (const name of view.layers) {
    if (layers.kind(name) === "curve") continue;
    for (const item of layers.get(name, view).items) {
      if (item.stop < view.start || item.start > view.stop) continue;
      if (rows.length < MOST_ROWS) rows.push([item, name]);
      else more++;
    }
  }
  rows.sort((a, b) => a[0].start - b[0].start);
  const show = (item) => {
    const span = Math.max(item.stop - item.start, 20 * view.period);
    view.glide(item.start - 0.1 * span, item.start + 1.1 * span);
    plot.place.focus();
  };
  const body = rows.map(([item, name]) =>
    el(
      "tr",
      {},
      el(
        "td",
        { "data-label": "Time", class: "number" },
        el(
          "button",
          { type: "button", class: "go", on: { click: () => show(item) } },
          moment(item.start, view.period),
        ),
      ),
      el(
        "td",
        { "data-label": "Duration", class: "number" },
        item.point ? (item.u === null ? "" : `± ${duration(item.u)}`) : duration(item.stop - item.start),
      ),
      el("td", { "data-label": "Layer" }, layers.title(name)),
      el("td", { "data-label": "What" }, item.text),
    ),
  );
  const head = [["Time", "number"], ["Duration", "number"], ["Layer"], ["What"]].map(([t, c]) =>
    el("th", { scope: "col", class: c ?? null }, t),
  );
  fill(
    byId("in-view"),
    el(
      "p",
      {},
      `In view: ${moment(view.start, view.period)} to ${moment(view.stop, view.period)}, ${number(Math.round(to - from), 12)} samples. ${signals.join("; ")}.`,
    ),
    body.length
      ? el(
          "div",
          { class: "cards scroll" },
          el(
            "table",
            {},
            el(
              "caption",
              {},
              `Items of the layers in view${more ? `; ${count(more, "more item")} are not listed: zoom in` : ""}`,
            ),
            el("thead", {}, el("tr", {}, head)),
            el("tbody", {}, body),
          ),
        )
      : el("p", { class: "quiet" }, "No items of the layers that are switched on are in view."),
  );
}

/** Fill the table of windows from the layer's items, each with a button that shows it. */
export function fillWindows(items, view, place) {
  const body = items.slice(0, 2000).map((item) => {
    const span = item.stop - item.start,
      show = () => {
        view.glide(item.start - 0.06 * span, item.stop + 0.06 * span);
      };
    const both = () => {
      view.markBoth(item.start, item.stop);
      show();
    };
    const [name, ...rest] = item.text.split(": ");
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, rest.length ? name : item.label),
      el("td", { "data-label": "From", class: "number" }, moment(item.start, view.period)),
      el("td", { "data-label": "Duration", class: "number" }, exactly(span, view.period)),
      el("td", { "data-label": "What was found" }, rest.length ? rest.join(": ") : item.text),
      el(
        "td",
        { "data-label": "" },
        el(
          "span",
          { class: "buttons" },
          el("button", { type: "button", "aria-label": `Show ${plain(name, 60)}`, on: { click: show } }, "Show"),
          el(
            "button",
            { type: "button", "aria-label": `Markers around ${plain(name, 60)}`, on: { click: both } },
            "Markers",
          ),
        ),
      ),
    );
  });
  const head = ["Window", "From", "Duration", "What was found", ""].map((t, k) =>
    el(
      "th",
      { scope: "col", class: k === 1 || k === 2 ? "number" : null },
      t || el("span", { class: "unseen" }, "Actions"),
    ),
  );
  fill(
    place,
    body.length
      ? el(
          "div",
          { class: "cards" },
          el(
            "table",
            {},
            el("caption", {}, count(items.length, "window")),
            el("thead", {}, el("tr", {}, head)),
            el("tbody", {}, body),
          ),
        )
      : el("p", { class: "quiet" }, "This session has no windows."),
  );
}
