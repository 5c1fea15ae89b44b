/* SPDX-License-Identifier: Apache-2.0 */
// The two markers: their handles, and the exact figures between them. The figures come from the analysis, which
// reads the samples; nothing here is computed from what is drawn.

import { csvAddress, region } from "./api.js";
import { announce, byId, debounced, el, fill, pair } from "./dom.js";
import { movable } from "./pointer.js";
import { histogram } from "./histogram.js";
import { DASH, MICROJOULES, THIN, count, duration, exactly, moment, number, plain, prefixed, withU } from "./words.js";

const ASK_MS = 220,
  BINS = 64;

export class Markers {
  constructor(key, plot, view, meta) {
    Object.assign(this, { key, plot, view, meta, asked: null, found: null });
    this.place = byId("figures");
    this.handles = [0, 1].map((k) => this.handle(k));
    plot.place.append(...this.handles);
    this.ask = debounced(() => this.fetch(), ASK_MS);
    view.addEventListener("change", ({ detail }) => {
      if (detail === "markers" || detail === "rail") this.changed();
    });
    this.changed();
  }

  handle(k) {
    const name = "AB"[k];
    const made = el(
      "button",
      {
        type: "button",
        class: "handle " + "ab"[k],
        role: "slider",
        "aria-label": `Marker ${name}`,
        "aria-orientation": "horizontal",
        on: { keydown: (event) => this.key_(event, k) },
      },
      name,
    );
    movable(made, this.plot, (time) => this.view.mark(k, time));
    return made;
  }

  key_(event, k) {
    const step = event.altKey ? this.view.period : (this.view.span / this.plot.inner) * (event.shiftKey ? 10 : 1);
    const at = this.view.markers[k];
    const to = {
      ArrowLeft: at - step,
      ArrowRight: at + step,
      Home: this.view.start,
      End: this.view.stop,
      Delete: null,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.view.mark(k, to);
  }

  /** Put the handles where the markers are; those out of view wait at the side. */
  place_() {
    this.view.markers.forEach((at, k) => {
      const handle = this.handles[k];
      handle.hidden = at === null;
      if (at === null) return;
      const x = this.plot.x(at),
        left = this.plot.left,
        right = left + this.plot.inner,
        inside = x >= left && x <= right;
      handle.classList.toggle("outside", !inside);
      handle.style.transform = `translateX(${Math.min(Math.max(x, left), right) - 11}px)`;
      handle.setAttribute("aria-valuemin", 0);
      handle.setAttribute("aria-valuemax", this.view.whole);
      handle.setAttribute("aria-valuenow", at);
      handle.setAttribute("aria-valuetext", moment(at, this.view.period) + (inside ? "" : ", out of view"));
    });
  }

  changed() {
    const region_ = this.view.region,
      csv = byId("csv");
    const [start, stop] = region_ ?? [this.view.start, this.view.stop];
    csv.href = csvAddress(this.key, start, stop, this.view.rail);
    byId("save-region").disabled = byId("zoom-region").disabled = !region_;
    this.aborter?.abort();
    if (!region_) {
      this.found = null;
      fill(
        this.place,
        el(
          "p",
          { class: "quiet" },
          this.view.markers.some((at) => at !== null)
            ? "Set the other marker, too."
            : "Select a region: shift and drag over the trace, or press m and M, or w for the window in view.",
        ),
      );
      this.place.removeAttribute("aria-busy");
      return;
    }
    this.place.setAttribute("aria-busy", "true");
    byId("figures-state").textContent = "asking the analysis …";
    this.ask();
  }

  /** Show what was found once more, in the words of another axis. */
  again() {
    if (this.found && this.view.region) this.show(this.found, this.view.region);
  }

  async fetch() {
    const region_ = this.view.region;
    if (!region_) return;
    this.aborter = new AbortController();
    const { signal } = this.aborter;
    try {
      const found = await region(this.key, ...region_, BINS, this.view.rail, signal);
      if (!signal.aborted) this.show(found, region_);
    } catch (failure) {
      if (failure.name === "AbortError") return;
      this.found = null;
      fill(this.place, el("p", { class: "lost", role: "alert" }, plain(failure.message)));
    }
    this.place.removeAttribute("aria-busy");
    byId("figures-state").textContent = "";
  }

  show(found, [start, stop]) {
    this.found = found;
    const per = perInference(found),
      lacks = lacking(found);
    const energy = withU(found.energy_j, found.U_j, "J"),
      inferences = found.inferences?.count ?? found.inferences;
    const items = [
      pair(
        "Energy",
        figure(energy, found.complete !== false),
        found.k ? ` (k${THIN}=${THIN}${Number(found.k).toFixed(2)})` : "",
        lacks,
      ),
      per &&
        pair(
          "Energy per inference",
          figure(per.words, !per.lacks?.length),
          per.lacks?.length ? without(per.lacks) : "",
        ),
      Number.isFinite(inferences) && pair("Inferences inside", count(inferences, "whole inference")),
      found.on_edges ? pair("Borders", "on edges of windows") : null,
      pair("Duration", exactly(found.duration_s, this.view.period)),
      pair(this.view.axis === "trace" ? "From, to" : "From, to (time of the trace)", `${moment(start, this.view.period)} ${DASH} ${moment(stop, this.view.period)}`),
      pair("Mean power", prefixed(found.mean_power_w, "W", 6)),
      pair("Lowest, highest", `${prefixed(found.min_w, "W", 5)}, ${prefixed(found.max_w, "W", 5)}`),
      pair("Median", prefixed(found.median_w, "W", 5)),
      pair("Standard deviation", prefixed(found.std_w, "W", 4)),
      known(found.mean_current_a) && pair("Mean current", prefixed(found.mean_current_a, "A", 6)),
      known(found.mean_voltage_v) && pair("Mean voltage", prefixed(found.mean_voltage_v, "V", 6)),
      known(found.charge_c) && pair("Charge", prefixed(found.charge_c, "C", 6)),
      pair(
        "Samples",
        number(found.samples, 12),
        found.missing ? el("span", { class: "lost" }, `, ${number(found.missing, 12)} missing`) : ", none missing",
      ),
      found.over_range
        ? pair("Over range", el("span", { class: "lost" }, count(found.over_range, "sample")))
        : null,
    ].filter(Boolean);
    const notes = (found.notes ?? []).map((note) => el("li", {}, plain(note)));
    fill(
      this.place,
      el("dl", { class: "figures" }, items),
      remarks(notes),
      budget(found.parts),
      histogram(found.histogram),
    );
    announce(
      `Between the markers: ${energy} in ${duration(found.duration_s)}, mean power ${prefixed(found.mean_power_w, "W")}` +
        (per ? `, ${per.words} per inference.` : "."),
    );
  }
}

// What U does not cover is no result, and does not look like one.
const figure = (words, complete) => el(complete ? "strong" : "span", { class: complete ? "" : "doubtful" }, words);
const known = (value) => value !== null && value !== undefined;

function perInference(found) {
  const given = found.energy_per_inference_j;
  if (!known(given)) return null;
  if (typeof given === "number") {
    return {
      words: withU(given, found.U_per_inference_j ?? null, "J", MICROJOULES),
      lacks: found.per_inference_incomplete,
    };
  }
  const value = given.median ?? given.value ?? given.mean;
  return known(value) ? { words: withU(value, given.U ?? given.U_j, "J", MICROJOULES) } : null;
}

function lacking(found) {
  if (found.complete !== false) return "";
  return found.incomplete?.length
    ? without(found.incomplete)
    : el("span", { class: "quiet" }, "; what this leaves out is not stated");
}

const without = (list) =>
  el("div", { class: "quiet" }, `No result: U does not cover this. ${list.map((what) => plain(what, 200)).join("; ")}.`);

function remarks(notes) {
  if (notes.length < 3) return notes.length ? el("ul", { class: "plain quiet" }, notes) : null;
  return el(
    "details",
    {},
    el("summary", {}, `What these figures rest on: ${notes.length} remarks`),
    el("ul", { class: "plain quiet" }, notes),
  );
}

// What the uncertainty is made of, the largest first.
function budget(parts) {
  const rows = [...(parts ?? [])].filter((part) => part.u_j).sort((a, b) => b.u_j - a.u_j);
  if (!rows.length) return null;
  return el(
    "details",
    {},
    el("summary", {}, "What the uncertainty is made of"),
    el(
      "table",
      {},
      el(
        "tbody",
        {},
        rows.map((part) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, plain(part.name, 80)),
            el("td", { class: "number" }, prefixed(part.u_j, "J", 3)),
          ),
        ),
      ),
    ),
  );
}
