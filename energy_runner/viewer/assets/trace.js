/* SPDX-License-Identifier: Apache-2.0 */
// The page of one session: puts its parts together and draws a frame when something has changed.

import { keys, listing, session, tile } from "./api.js";
import { announce, byId, debounced, el, fill, framed } from "./dom.js";
import { View } from "./view.js";
import { TileStore } from "./tiles.js";
import { LayerStore, atFirst } from "./layers.js";
import { Plot } from "./plot.js";
import { Overview } from "./overview.js";
import { Markers } from "./markers.js";
import { Annotations } from "./annotations.js";
import { palette } from "./palette.js";
import { attach } from "./pointer.js";
import { Tip } from "./tip.js";
import { listen, fillHelp } from "./keys.js";
import { fillHead, fillVerdicts } from "./head.js";
import { fillInView, fillWindows } from "./table.js";
import { axes, build, railName, refresh } from "./switches.js";
import { copyLink, paper, savePng, saveSvg } from "./export.js";
import { duration, moment, plain } from "./words.js";

const FOLLOW_MS = 3000; // a session that is being written is asked for its length so often

async function begin() {
  let key = keys()[0];
  if (!key) key = (await listing()).sessions?.find((row) => !row.problem)?.key;
  if (!key) throw new Error("No session was named. Try: the list of sessions.");
  let meta = await session(key);
  // Each rail has its own trace: its length, its losses and the figures of its windows are not those of another.
  const wished = new URLSearchParams(location.hash.slice(1)).get("rail");
  const rail = (meta.rails ?? []).map(railName).includes(wished) ? wished : null;
  if (rail !== null) meta = await session(key, rail);
  meta.signals = meta.signals ?? [];
  fillHead(meta, key);
  fillVerdicts(meta, byId("verdicts"));
  byId("loading").hidden = true;
  if (!meta.length || !meta.signals.length) {
    byId("no-trace").hidden = false;
    if (meta.outcome === "running") setTimeout(() => location.reload(), FOLLOW_MS);
    return;
  }
  byId("trace").hidden = byId("measure").hidden = byId("words").hidden = false;
  start(key, meta, rail);
}

function start(key, meta, rail) {
  const view = new View(meta.length, meta.period_s);
  const draw = framed(() => frame());
  const store = new TileStore((name, from, to, columns) => tile(key, name, from, to, columns, rail), draw);
  store.length = meta.length;
  const layers = new LayerStore(key, meta.layers ?? [], draw, rail);
  view.layers = atFirst(meta.layers ?? []);
  layers.regions(meta.annotations ?? []);
  const known = {
    signals: meta.signals.map((s) => s.name),
    layers: [...layers.table.keys()],
    axes: axes(meta),
    rails: (meta.rails ?? []).map(railName),
  };
  view.read(location.hash, known);
  const place = byId("place"),
    plot = new Plot(place, byId("base"), byId("top"), { view, store, layers, meta });
  const overview = new Overview(byId("overview"), plot, view, store),
    tip = new Tip(plot, layers, meta);
  build(view, meta, layers, plot);
  const markers = new Markers(key, plot, view, meta);
  new Annotations(key, view, meta.annotations ?? [], layers);
  let pointer = null;

  function frame() {
    plot.draw();
    overview.draw();
    store.serve(); // what only the strip needs comes after what the picture needs
    plot.drawTop(pointer);
    markers.place_();
    if (pointer) tip.show(pointer);
    state(store, layers);
  }

  // The pointer's line and box are drawn without the picture under them.
  const hover = framed(() => {
    plot.drawTop(pointer);
    if (pointer) tip.show(pointer);
    else tip.hide();
  });

  let moved = false;
  const tell = debounced(() => {
    const words = `${moment(view.start, view.period)} to ${moment(view.stop, view.period)}`;
    place.setAttribute(
      "aria-label",
      `Trace of ${view.signals.join(", ")}: ${words}. Press question mark for the keys.`,
    );
    if (moved) announce(`Showing ${words}.`); // at first the picture has the focus, and its label says it
    moved = true;
    if (!view.region) markers.changed();
    if (byId("in-view-details").open) fillInView(plot, view, layers);
  }, 700);
  const readout = () => {
    byId("range").textContent =
      (view.axis === "trace" ? "" : "time of the trace ") +
      `${moment(view.start, view.period)} to ${moment(view.stop, view.period)} (${duration(view.span)})`;
  };

  view.addEventListener("change", ({ detail }) => {
    if (detail === "rail") {
      history.replaceState(null, "", "#" + view.hash());
      return location.reload(); // nothing of the page is that of another rail
    }
    if (detail !== "range" && detail !== "markers") refresh(view);
    if (detail === "range" || detail === "axes") readout();
    if (detail === "axes") markers.again();
    if (detail !== "markers") tell();
    draw();
  });

  const page = {
    view,
    place,
    focusTime: () => (pointer && pointer.x > plot.left ? plot.time(pointer.x) : (view.start + view.stop) / 2),
    toWindow: (by) => toWindow(view, windows(), by),
    markWindow: () => {
      const middle = (view.start + view.stop) / 2;
      const found = windows()
        .filter((w) => w.stop >= view.start && w.start <= view.stop)
        .sort((a, b) => Math.abs(a.start + a.stop - 2 * middle) - Math.abs(b.start + b.stop - 2 * middle))[0];
      if (found) view.markBoth(found.start, found.stop);
    },
    showRegion: () => {
      const region = view.region;
      if (region)
        view.glide(region[0] - 0.05 * (region[1] - region[0]), region[1] + 0.05 * (region[1] - region[0]));
    },
    help: () => {
      byId("help").showModal();
      byId("help").scrollTop = 0; // a list is read from its beginning
    },
    escape: () => {
      if (view.markers.some((at) => at !== null)) {
        view.markers = [null, null];
        view.changed("markers");
      }
    },
  };
  const windows = () => (windowItems.length ? windowItems : layers.get("windows", view).items);
  let windowItems = [];
  fillHelp(byId("help"));
  listen(page);
  attach(plot, view, {
    hover: (at) => {
      pointer = at;
      hover();
    },
    pick: (at) => {
      place.focus({ preventScroll: true });
      pointer = at;
      draw();
    },
  });
  buttons(page, plot, meta, view);

  // The list of all windows is asked for once, whole: the table and the keys [ and ] need those out of view, too.
  const all = new LayerStore(
    key,
    (meta.layers ?? []).filter((row) => row.name === "windows"),
    () => {
      windowItems = all.get("windows", { start: 0, stop: view.whole, whole: view.whole, span: view.whole }).items;
      fillWindows(windowItems, view, byId("windows"));
    },
    rail,
  );
  all.arrived();
  byId("in-view-details").addEventListener("toggle", () => fillInView(plot, view, layers));

  const repaint = () => {
    plot.colours = palette();
    draw();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  addEventListener("beforeprint", () => {
    plot.colours = paper();
    frame();
    // Some print the transparent canvas of the markers as a white sheet over the picture, so all is in one.
    plot.paintMarkers(plot.base.getContext("2d"), plot.colours, plot);
  });
  addEventListener("afterprint", repaint);
  addEventListener("hashchange", () => {
    view.read(location.hash, known);
    if (view.rail !== rail) return location.reload();
    for (const what of ["axes", "range", "markers"]) view.changed(what);
  });
  new ResizeObserver(draw).observe(place);
  readout();
  frame();
  tell();
  place.focus({ preventScroll: true });
  if (meta.outcome === "running") setTimeout(() => follow(key, meta, view, store, layers, draw), FOLLOW_MS);
  window.viewer = { plot, view, store, layers, markers }; // for the tests
}

function state(store, layers) {
  const place = byId("state"),
    failure = store.failure ?? layers.failure;
  const waiting = store.busy.size ? "loading …" : "";
  const text = store.failure ? `${plain(failure.message)} Trying again.` : waiting;
  if (place.textContent !== text) place.textContent = text;
  place.classList.toggle("lost", Boolean(store.failure));
}

function toWindow(view, list, by) {
  const [start, stop] = view.goal ?? [view.start, view.stop]; // keys count while the picture still moves, too
  const middle = (start + stop) / 2,
    inside = (w) => w.start <= middle && w.stop >= middle;
  const here = list.findIndex(inside);
  let to =
    here >= 0
      ? here + by
      : by > 0
        ? list.findIndex((w) => w.start > middle)
        : list.findLastIndex((w) => w.stop < middle);
  // From the whole trace the first press goes to the first or last window, not beyond the one in its middle.
  if (start <= 0 && stop >= view.whole) to = by > 0 ? 0 : list.length - 1;
  const found = list[to];
  if (!found) return announce(by > 0 ? "There is no window after this." : "There is no window before this.");
  const room = 0.08 * (found.stop - found.start);
  view.glide(found.start - room, found.stop + room);
  announce(found.text);
}

function buttons(page, plot, meta, view) {
  const click = (id, call) => byId(id).addEventListener("click", call);
  click("zoom-in", () => view.zoom(1 / 2, undefined, true));
  click("zoom-out", () => view.zoom(2, undefined, true));
  click("zoom-all", () => view.glide(0, view.whole));
  click("pan-left", () => view.pan(-view.span / 2, true));
  click("pan-right", () => view.pan(view.span / 2, true));
  click("window-before", () => page.toWindow(-1));
  click("window-after", () => page.toWindow(1));
  click("mark-a", () => view.mark(0, view.start + view.span / 3));
  click("mark-b", () => view.mark(1, view.start + (2 * view.span) / 3));
  click("mark-window", () => page.markWindow());
  click("mark-none", () => page.escape());
  click("zoom-region", () => page.showRegion());
  click("show-help", () => page.help());
  click("png", () => savePng(plot, meta, view));
  click("svg", () => saveSvg(plot, meta, view));
  click("link", () => copyLink(view));
}

/** Ask for the length of a session that is being written; a view that shows the end follows it. */
async function follow(key, meta, view, store, layers, draw) {
  let now = meta;
  try {
    now = await session(key, view.rail);
  } catch {
    /* asked again below; the tiles say what is wrong */
  }
  if (now.length > store.length) {
    const whole = view.isWhole,
      atEnd = view.stop >= view.whole - 1e-12,
      more = (now.length - view.length) * view.period;
    store.grow(now.length);
    view.length = now.length;
    layers.setTable(now.layers ?? []);
    layers.clear();
    if (whole) view.show(0, view.whole);
    else if (atEnd) view.pan(more);
    draw();
  }
  if (now.outcome === "running") setTimeout(() => follow(key, now, view, store, layers, draw), FOLLOW_MS);
  else if (now !== meta) {
    fillHead(now, key);
    fillVerdicts(now, byId("verdicts"));
  }
}

begin().catch((failure) => {
  byId("loading").hidden = true;
  fill(
    byId("bands"),
    el(
      "div",
      { class: "band bad", role: "alert" },
      el("strong", {}, "This session cannot be shown."),
      ` ${plain(failure.message)} `,
      el("a", { href: "list.html" }, "To the list of sessions"),
    ),
  );
});
