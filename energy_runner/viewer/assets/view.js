/* SPDX-License-Identifier: Apache-2.0 */
// What is looked at: range, signals, layers, markers, axes. It stands in the address, so that a link opens the same
// view. Times are trace time in seconds.

import { debounced, calm } from "./dom.js";

const FEWEST = 6; // samples in the closest view
const GLIDE_MS = 140;

/** The state of a trace page; "change" events tell what changed: range, signals, layers, markers, axes. */
export class View extends EventTarget {
  constructor(length, period) {
    super();
    Object.assign(this, { length, period, start: 0, stop: length * period });
    this.signals = ["power"];
    this.layers = [];
    this.markers = [null, null];
    this.axis = "trace";
    this.scale = "fit";
    this.rail = null;
    this.gliding = 0;
    this.goal = null; // where a glide is going
    this.keep = debounced(() => history.replaceState(null, "", "#" + this.hash()), 200);
  }

  get whole() {
    return Math.max(this.length, 1) * this.period;
  }
  get span() {
    return this.stop - this.start;
  }
  get isWhole() {
    return this.start <= 0 && this.stop >= this.whole;
  }

  changed(what) {
    this.dispatchEvent(new CustomEvent("change", { detail: what }));
    this.keep();
  }

  /** Show a range; it is kept within the trace, and never closer than a few samples. */
  show(start, stop, quiet = false) {
    const least = Math.min(FEWEST * this.period, this.whole);
    let span = Math.min(Math.max(stop - start, least), this.whole);
    if (!Number.isFinite(span)) span = this.whole;
    const middle = (start + stop) / 2;
    let from = Number.isFinite(middle) ? middle - span / 2 : 0;
    from = Math.min(Math.max(from, 0), this.whole - span);
    if (from === this.start && from + span === this.stop) return;
    [this.start, this.stop] = [from, from + span];
    if (!quiet) this.changed("range");
  }

  /** Go to a range in a few frames, or at once where motion is not wanted. */
  glide(start, stop) {
    cancelAnimationFrame(this.gliding);
    this.goal = null;
    if (calm()) return this.show(start, stop);
    this.goal = [start, stop];
    const from = [this.start, this.stop],
      begun = performance.now();
    const step = () => {
      const part = Math.min(1, (performance.now() - begun) / GLIDE_MS),
        eased = 1 - (1 - part) ** 3;
      const at = (k, to) => (part === 1 ? to : from[k] + (to - from[k]) * eased);
      this.show(at(0, start), at(1, stop));
      if (part < 1) this.gliding = requestAnimationFrame(step);
      else this.goal = null;
    };
    step();
  }

  zoom(factor, at = (this.start + this.stop) / 2, gliding = false) {
    const span = Math.min(Math.max(this.span * factor, FEWEST * this.period), this.whole);
    const from = at - (at - this.start) * (span / this.span);
    gliding ? this.glide(from, from + span) : this.show(from, from + span);
  }

  pan(by, gliding = false) {
    const from = Math.min(Math.max(this.start + by, 0), this.whole - this.span);
    gliding ? this.glide(from, from + this.span) : this.show(from, from + this.span);
  }

  /** Put a marker (0 or 1) at a time, or take it away with null. */
  mark(which, at) {
    this.markers[which] = at === null ? null : Math.min(Math.max(at, 0), this.whole);
    this.changed("markers");
  }

  markBoth(start, stop) {
    const kept = (at) => Math.min(Math.max(at, 0), this.whole);
    this.markers = [kept(start), kept(stop)];
    this.changed("markers");
  }

  /** Return the region between the markers, in order, or null. */
  get region() {
    const [a, b] = this.markers;
    if (a === null || b === null || a === b) return null;
    return [Math.min(a, b), Math.max(a, b)];
  }

  set(name, value, what = "axes") {
    this[name] = value;
    this.changed(what);
  }

  toggle(list, name, on = !this[list].includes(name)) {
    this[list] = on ? [...new Set([...this[list], name])] : this[list].filter((kept) => kept !== name);
    this.changed(list);
  }

  hash() {
    const parts = new URLSearchParams();
    if (!this.isWhole) parts.set("r", `${this.start},${this.stop}`);
    parts.set("g", this.signals.join(","));
    parts.set("l", this.layers.join(","));
    if (this.markers.some((at) => at !== null)) parts.set("m", this.markers.map((at) => at ?? "").join(","));
    if (this.axis !== "trace") parts.set("x", this.axis);
    if (this.scale !== "fit") parts.set("y", this.scale);
    if (this.rail !== null) parts.set("rail", this.rail);
    return parts.toString().replaceAll("%2C", ",");
  }

  /** Take over what an address says; anything that makes no sense is left out. */
  read(hash, known) {
    const parts = new URLSearchParams(hash.replace(/^#/, ""));
    const numbers = (name) => (parts.get(name) ?? "").split(",").map((t) => (t.trim() === "" ? NaN : Number(t)));
    const names = (name, allowed) => (parts.get(name) ?? "").split(",").filter((n) => allowed.includes(n));
    if (parts.has("g")) this.signals = names("g", known.signals);
    if (!this.signals.length) this.signals = known.signals.slice(0, 1);
    if (parts.has("l")) this.layers = names("l", known.layers);
    const marks = numbers("m").slice(0, 2);
    this.markers = [0, 1].map((k) =>
      Number.isFinite(marks[k]) ? Math.min(Math.max(marks[k], 0), this.whole) : null,
    );
    this.axis = known.axes.includes(parts.get("x")) ? parts.get("x") : "trace";
    this.scale = ["zero", "log"].includes(parts.get("y")) ? parts.get("y") : "fit";
    this.rail = known.rails.includes(parts.get("rail")) ? parts.get("rail") : null;
    const [start, stop] = numbers("r");
    if (start < stop) this.show(start, stop, true);
    else [this.start, this.stop] = [0, this.whole];
  }
}
