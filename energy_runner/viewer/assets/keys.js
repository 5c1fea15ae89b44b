/* SPDX-License-Identifier: Apache-2.0 */
// Keys of the trace page. They act while the picture, or nothing, has the focus: no key is taken from a field.

import { byId, el, fill } from "./dom.js";

const STEP = 0.2,
  FACTOR = 1.6;

/** The keys, as they are listed in the help: [keys, what they do, action(page, event)]. */
const TABLE = [
  [
    ["ArrowLeft", "ArrowRight"],
    "pan; with shift by a whole view",
    (page, event) => {
      const by = (event.shiftKey ? 1 : STEP) * page.view.span;
      page.view.pan(event.key === "ArrowLeft" ? -by : by, true);
    },
  ],
  [
    ["ArrowUp", "+", "="],
    "zoom in (about the pointer, or the middle)",
    (page) => page.view.zoom(1 / FACTOR, page.focusTime(), true),
  ],
  [["ArrowDown", "-", "_"], "zoom out", (page) => page.view.zoom(FACTOR, page.focusTime(), true)],
  [["0"], "the whole trace", (page) => page.view.glide(0, page.view.whole)],
  [["Home"], "to the beginning", (page) => page.view.glide(0, page.view.span)],
  [["End"], "to the end", (page) => page.view.glide(page.view.whole - page.view.span, page.view.whole)],
  [["["], "previous window", (page) => page.toWindow(-1)],
  [["]"], "next window", (page) => page.toWindow(1)],
  [["m"], "set marker A (at the pointer, or in the middle)", (page) => page.view.mark(0, page.focusTime())],
  [["M"], "set marker B", (page) => page.view.mark(1, page.focusTime())],
  [["w"], "markers around the window in view", (page) => page.markWindow()],
  [["r"], "show the region between the markers", (page) => page.showRegion()],
  [
    ["l"],
    "to the switches of the layers",
    () => byId("layer-switches")?.querySelector("input:not([disabled])")?.focus(),
  ],
  [["?"], "this list", (page) => page.help()],
  [["Escape"], "take the markers away; from anywhere: back to the picture", (page) => page.escape()],
];
const SHOWN = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };
const TYPED = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";

/** Listen to keys for a page = {view, place, focusTime, toWindow, markWindow, showRegion, help, escape}. */
export function listen(page) {
  document.addEventListener("keydown", (event) => {
    if (
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      event.defaultPrevented ||
      document.querySelector("dialog[open]")
    )
      return;
    const here = document.activeElement,
      free = !here || here === document.body || here === page.place;
    if (event.key === "Escape" && !free) return page.place.focus();
    if (!free && (here.matches(TYPED) || event.key.length > 1 || event.key === " ")) return;
    if (!free && !page.place.contains(here)) return; // single letters act on the picture only
    const row = TABLE.find(([keys]) => keys.includes(event.key));
    if (!row) return;
    event.preventDefault();
    row[2](page, event);
  });
}

/** Fill the help dialog with the keys and with what mouse and fingers do. */
export function fillHelp(dialog) {
  const rows = TABLE.map(([keys, does]) =>
    el(
      "tr",
      {},
      el(
        "th",
        { scope: "row" },
        keys.map((key) => [el("kbd", {}, SHOWN[key] ?? key), " "]),
      ),
      el("td", {}, does),
    ),
  );
  const others = [
    ["wheel", "zoom about the pointer"],
    ["shift + wheel", "pan"],
    ["drag", "pan"],
    ["shift + drag", "select a region"],
    ["double click", "zoom to the window or item under the pointer"],
    ["one finger, two fingers", "pan, zoom"],
    ["handles A and B", "drag; or Tab to one and use the arrows (shift: ten pixels, alt: one sample)"],
  ].map(([what, does]) => el("tr", {}, el("th", { scope: "row" }, what), el("td", {}, does)));
  const close = el("button", { type: "button", on: { click: () => dialog.close() } }, "Close");
  fill(
    dialog,
    el("h2", { id: "help-title" }, "Keys, mouse and fingers"),
    el("table", {}, el("tbody", {}, rows, others)),
    el("p", {}, close),
  );
}
