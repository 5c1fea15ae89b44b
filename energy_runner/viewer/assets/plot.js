/* SPDX-License-Identifier: Apache-2.0 */
// The picture of a trace: how it is laid out, one frame of it, and what lies under a point of it.

import { at, extent } from "./tiles.js";
import { drawFrame, drawGaps, drawValues, gaps, mapping, plate } from "./draw.js";
import { drawCurve, drawEdges, drawLane, drawStretches, labelWindows, shadeWindows } from "./lanes.js";
import { logTicks, niceRange, timeTicks, valueTicks } from "./axes.js";
import { ofSignal, palette } from "./palette.js";
import { curveAt } from "./layers.js";

const HANDLES = 22,
  WINDOWS = 20,
  AXIS = 36,
  BETWEEN = 8,
  CURVE = 74,
  RIGHT = 10,
  ROW = 15;
const TITLES = { W: "power", A: "current", V: "voltage" };

export class Plot {
  /** `sources` = {view, store, layers, meta}; the plot draws into two canvases that lie on each other. */
  constructor(place, base, top, sources) {
    Object.assign(this, {
      place,
      base,
      top,
      ...sources,
      colours: palette(),
      areas: [],
      shown: new Map(),
      frames: 0,
    });
    this.width = 0;
  }

  get narrow() {
    return this.width < 640;
  }
  toSample = (seconds) => seconds / this.view.period;
  unit(name) {
    return this.meta.signals.find((s) => s.name === name)?.unit ?? "";
  }

  /** Where everything lies, for a width: panes of the signals, of curves, lanes, the axis of time. */
  layout(width) {
    const narrow = width < 640,
      left = narrow ? 46 : 124,
      view = this.view,
      areas = [];
    const curves = this.layers.curves(view.layers),
      lanes = this.layers.lanes(view.layers);
    const number = view.signals.length,
      tall = Math.min(620, Math.max(230, Math.round(window.innerHeight * 0.41)));
    const each = number < 2 ? tall : Math.max(130, Math.round((tall * 1.35) / number));
    let y = HANDLES + (view.layers.includes("windows") ? WINDOWS : 0);
    const put = (kind, name, height, gap) => {
      areas.push({ kind, name, top: y, height, bottom: y + height });
      y += height + gap;
    };
    for (const name of view.signals) put("signal", name, each, BETWEEN);
    for (const name of curves) put("curve", name, CURVE, BETWEEN);
    for (const name of lanes) put("lane", name, (narrow ? 34 : 24) + (this.layers.rows(name) - 1) * ROW, 3);
    put("axis", "", AXIS, 0);
    return { areas, left, width: width - left - RIGHT, height: y };
  }

  resize() {
    const width = Math.max(240, Math.floor(this.place.clientWidth)),
      ratio = Math.min(3, window.devicePixelRatio || 1);
    const found = this.layout(width);
    const same = width === this.width && ratio === this.ratio && found.height === this.height;
    Object.assign(this, {
      width,
      ratio,
      height: found.height,
      areas: found.areas,
      left: found.left,
      inner: found.width,
    });
    if (same) return;
    for (const canvas of [this.base, this.top]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(this.height * ratio);
      canvas.style.width = width + "px";
      canvas.style.height = this.height + "px";
    }
    this.place.style.height = this.height + "px";
  }

  x(seconds) {
    return this.left + ((seconds - this.view.start) / this.view.span) * this.inner;
  }
  time(x) {
    return this.view.start + ((x - this.left) / this.inner) * this.view.span;
  }
  get panesTop() {
    return this.areas[0]?.top ?? HANDLES;
  }
  get panesBottom() {
    return this.areas.at(-1)?.top ?? this.height;
  }

  /** Draw a frame into the canvas of the page. */
  draw() {
    this.resize();
    const ctx = this.base.getContext("2d", { alpha: false });
    ctx.ratio = this.ratio;
    ctx.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.store.begin();
    this.paint(ctx, this.width, this.height, this, this.colours, this.ratio);
    this.store.serve();
    this.frames++;
  }

  /** Draw the picture into `ctx`; the page, the PNG and the SVG share this. */
  paint(ctx, width, height, { areas, left, inner }, colours, ratio) {
    const view = this.view,
      from = this.toSample(view.start),
      to = this.toSample(view.stop);
    const level = this.store.level((to - from) / (inner * this.ratio)); // also of an export: those tiles are there
    ctx.fillStyle = colours.card;
    ctx.fillRect(0, 0, width, height);
    const zero = view.axis === "run" ? (this.meta.run_zero_s ?? 0) : 0;
    const clock = view.axis === "clock" ? this.utcAtZero : null;
    const ticks = timeTicks(
      view.start,
      view.stop,
      Math.max(2, Math.floor(inner / (left < 60 ? 62 : 105))),
      zero,
      clock,
    );
    const base = { left, width: inner, from, to, ratio };
    const xs = ticks.ticks.map((tick) =>
      mapping({ ...base, top: 0, height: 1, low: 0, high: 1 }).x(this.toSample(tick.at)),
    );
    const held = new Map(view.layers.map((name) => [name, this.layers.get(name, view)]));
    for (const area of areas) {
      const place = { ...base, top: area.top, height: area.height };
      if (area.kind === "signal") this.paintSignal(ctx, area, place, level, held, xs, colours);
      else if (area.kind === "curve") {
        const row = this.layers.table.get(area.name),
          mapper = (low, high) => mapping({ ...place, low, high });
        const unit = row.unit || held.get(area.name).items[0]?.unit || "",
          span = { begin: view.start, end: view.stop };
        drawCurve(
          ctx,
          held.get(area.name),
          span,
          mapper,
          this.toSample,
          colours,
          this.layers.title(area.name),
          unit,
          xs,
        );
      } else if (area.kind === "lane") {
        const map = { ...mapping({ ...place, low: 0, high: 1 }), begin: view.start, end: view.stop };
        drawLane(ctx, held.get(area.name), map, this.toSample, colours, this.layers.title(area.name), left < 60);
      } else this.paintAxis(ctx, area, ticks, xs, colours, left, inner);
    }
    if (held.has("windows")) {
      const map = mapping({ ...base, top: 0, height: 1, low: 0, high: 1 });
      labelWindows(ctx, held.get("windows").items, map, HANDLES, this.toSample, colours);
    }
  }

  paintSignal(ctx, area, place, level, held, xs, colours) {
    const pieces = this.store.pieces(area.name, level, Math.floor(place.from), Math.ceil(place.to));
    const unit = this.unit(area.name),
      log = this.view.scale === "log";
    this.shown.set(area.name, pieces);
    let [low, high] = extent(pieces, place.from, place.to, log);
    if (log) {
      if (!Number.isFinite(low) || high <= 0) [low, high] = [1e-6, 1];
      [low, high] = [low / 1.3, Math.max(high, low * 1.01) * 1.3];
    } else [low, high] = niceRange(low, high, this.view.scale === "zero");
    const map = mapping({ ...place, low, high, log });
    const most = Math.max(2, Math.floor(area.height / 34));
    const shown = log ? logTicks(low, high, unit, most * 1.5) : valueTicks(low, high, unit, most);
    const items = (name) => held.get(name)?.items ?? [];
    shadeWindows(ctx, items("windows"), map, this.toSample, colours);
    const title = `${this.title(area.name, unit)} (${shown.unit})`;
    drawFrame(ctx, map, shown.ticks, xs, colours, title);
    const missing = gaps(pieces, map);
    drawGaps(ctx, missing, map, colours.plot.loss);
    if (!missing.length) drawStretches(ctx, items("losses"), map, this.toSample, colours, false);
    drawValues(ctx, pieces, map, ...ofSignal(colours, unit));
    drawStretches(ctx, items("over-range"), map, this.toSample, colours, true);
    drawEdges(ctx, items("edges"), map, this.toSample, colours);
    plate(ctx, title, map.left + 6, map.top + 5, colours);
    if (pieces.some((piece) => !piece.tile.final)) plate(ctx, "preview", map.right - 52, map.top + 5, colours);
    ctx.strokeStyle = colours.rule;
    ctx.lineWidth = 1;
    ctx.strokeRect(map.left, map.snap(map.top) + 0.5, map.width, map.height);
    area.map = map;
  }

  title(name, unit) {
    return name === "power" || !TITLES[unit] || name === TITLES[unit] ? name : `${TITLES[unit]} ${name}`;
  }

  paintAxis(ctx, area, ticks, xs, colours, left, inner) {
    ctx.fillStyle = colours.plot.text;
    ctx.font = colours.small;
    ctx.textBaseline = "top";
    ctx.textAlign = "center";
    ticks.ticks.forEach((tick, k) => {
      const half = ctx.measureText(tick.text).width / 2;
      if (xs[k] - half >= 0 && xs[k] + half <= left + inner + RIGHT) ctx.fillText(tick.text, xs[k], area.top + 4);
    });
    ctx.textAlign = "left";
    ctx.fillText(ticks.base, left, area.top + 20);
    ctx.textAlign = "right";
    const name = { trace: "time", run: "time since the run began", clock: "wall clock" }[this.view.axis];
    ctx.fillText(`${name} (${ticks.unit})`, left + inner, area.top + 20);
  }

  get utcAtZero() {
    const given = this.meta.utc_at_zero_ns;
    if (given === null || given === undefined) return null;
    try {
      return BigInt(typeof given === "number" ? Math.round(given) : given);
    } catch {
      return null;
    }
  }

  /** Draw the pointer's line and the markers, over the picture. */
  drawTop(pointer) {
    const ctx = this.top.getContext("2d"),
      c = this.colours;
    ctx.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    ctx.clearRect(0, 0, this.width, this.height);
    this.paintMarkers(ctx, c, this);
    if (pointer && pointer.x >= this.left && pointer.x <= this.left + this.inner && pointer.y < this.panesBottom) {
      ctx.strokeStyle = c.quiet;
      ctx.lineWidth = 1;
      ctx.beginPath();
      ctx.moveTo(Math.round(pointer.x) + 0.5, this.panesTop);
      ctx.lineTo(Math.round(pointer.x) + 0.5, this.panesBottom);
      ctx.stroke();
    }
  }

  paintMarkers(ctx, c, { areas, left, inner }) {
    const view = this.view,
      top = areas[0].top,
      bottom = areas.at(-1).top,
      right = left + inner;
    const x = (seconds) => left + ((seconds - view.start) / view.span) * inner;
    const region = view.region;
    if (region) {
      const x0 = Math.max(left, x(region[0])),
        x1 = Math.min(right, x(region[1]));
      ctx.fillStyle = c.plot.region;
      if (x1 > x0) ctx.fillRect(x0, top, x1 - x0, bottom - top);
    }
    view.markers.forEach((time, k) => {
      if (time === null || time < view.start || time > view.stop) return;
      ctx.strokeStyle = k ? c.plot.b : c.plot.a;
      ctx.lineWidth = 2;
      ctx.setLineDash(k ? [7, 3] : []); // not told apart by colour alone
      ctx.beginPath();
      ctx.moveTo(x(time), top);
      ctx.lineTo(x(time), bottom);
      ctx.stroke();
      ctx.setLineDash([]);
      // On the screen the handle lies over this letter; on paper and in files there is no handle.
      ctx.fillStyle = ctx.strokeStyle;
      ctx.font = c.bold;
      ctx.textAlign = "center";
      ctx.textBaseline = "middle";
      ctx.fillText("AB"[k], x(time), 10);
    });
  }

  /** Return what lies under a point: the area, the time, values of the signals, items of the layers. */
  under(x, y) {
    const time = this.time(x),
      sample = this.toSample(time),
      view = this.view;
    const area = this.areas.find((a) => y >= a.top - 1 && y < a.bottom + 2) ?? null;
    const near = (5 / this.inner) * view.span,
      values = [],
      items = [];
    for (const name of view.signals) {
      const found = at(this.shown.get(name) ?? [], sample);
      if (found) values.push({ name: this.title(name, this.unit(name)), unit: this.unit(name), ...found });
    }
    const hits = (name) =>
      this.layers.get(name, view).items.filter((i) => i.start - near <= time && i.stop + near >= time);
    if (area?.kind === "lane") items.push(...hits(area.name).map((item) => ({ layer: area.name, item })));
    else
      for (const name of this.layers.across(view.layers))
        items.push(...hits(name).map((item) => ({ layer: name, item })));
    const curves = this.layers.curves(view.layers).map((name) => ({
      name: this.layers.title(name),
      unit: this.layers.table.get(name).unit ?? "",
      value:
        this.layers
          .get(name, view)
          .items.map((c) => curveAt(c, time))
          .find((v) => v !== null) ?? null,
    }));
    return { area, time, sample, values, items, curves };
  }
}
