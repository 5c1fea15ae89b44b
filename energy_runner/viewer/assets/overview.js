/* SPDX-License-Identifier: Apache-2.0 */
// The strip of the whole trace with the part that is in view; dragging it moves the view.

import { drawGaps, drawValues, gaps, mapping } from "./draw.js";
import { extent } from "./tiles.js";
import { niceRange } from "./axes.js";
import { ofSignal } from "./palette.js";

const HEIGHT = 46,
  LEAST_PX = 6;

export class Overview {
  constructor(canvas, plot, view, store) {
    Object.assign(this, { canvas, plot, view, store });
    let held = null;
    const time = (event) => {
      const box = canvas.getBoundingClientRect();
      return ((event.clientX - box.left - this.plot.left) / this.plot.inner) * view.whole;
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      const at = time(event),
        inside = at >= view.start && at <= view.stop;
      held = inside ? at - view.start : view.span / 2;
      if (!inside) view.show(at - held, at - held + view.span);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (held === null) return;
      const from = Math.min(Math.max(time(event) - held, 0), view.whole - view.span);
      view.show(from, from + view.span);
    });
    for (const name of ["pointerup", "pointercancel"])
      canvas.addEventListener(name, () => {
        held = null;
      });
  }

  /** Draw after the plot, whose wishes and palette it shares; the strip itself is drawn anew only when it changed. */
  draw() {
    const { plot, view, store, canvas } = this,
      width = plot.width,
      ratio = plot.ratio,
      colours = plot.colours;
    if (canvas.width !== Math.round(width * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(HEIGHT * ratio);
      canvas.style.width = width + "px";
      canvas.style.height = HEIGHT + "px";
    }
    const name = view.signals[0],
      level = store.level(store.length / (plot.inner * ratio));
    const pieces = store.pieces(name, level, 0, store.length);
    const stamp = [width, ratio, name, colours.card, store.length, ...pieces.map((p) => p.tile)];
    if (!this.stamp || stamp.some((part, k) => part !== this.stamp[k]) || stamp.length !== this.stamp.length) {
      this.stamp = stamp;
      this.still = this.paint(width, ratio, pieces, name, colours);
    }
    const ctx = canvas.getContext("2d", { alpha: false });
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.drawImage(this.still, 0, 0);
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    const x = (t) => plot.left + (t / view.whole) * plot.inner;
    let [a, b] = [x(view.start), x(view.stop)];
    if (b - a < LEAST_PX) [a, b] = [(a + b - LEAST_PX) / 2, (a + b + LEAST_PX) / 2];
    ctx.globalAlpha = 0.62;
    ctx.fillStyle = colours.page;
    ctx.fillRect(plot.left, 1, Math.max(0, a - plot.left), HEIGHT - 2);
    ctx.fillRect(b, 1, Math.max(0, plot.left + plot.inner - b), HEIGHT - 2);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = colours.accent;
    ctx.lineWidth = 2;
    ctx.strokeRect(a, 1, b - a, HEIGHT - 2);
    view.markers.forEach((at, k) => {
      if (at === null) return;
      ctx.fillStyle = k ? colours.plot.b : colours.plot.a;
      ctx.fillRect(x(at) - 1, 0, 2, HEIGHT);
    });
  }

  paint(width, ratio, pieces, name, colours) {
    const still = document.createElement("canvas");
    still.width = Math.round(width * ratio);
    still.height = Math.round(HEIGHT * ratio);
    const ctx = still.getContext("2d", { alpha: false });
    ctx.ratio = ratio;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.fillStyle = colours.card;
    ctx.fillRect(0, 0, width, HEIGHT);
    const [low, high] = niceRange(...extent(pieces, 0, this.store.length), true);
    const map = mapping({
      left: this.plot.left,
      width: this.plot.inner,
      top: 3,
      height: HEIGHT - 6,
      from: 0,
      to: this.store.length || 1,
      low,
      high,
      ratio,
    });
    drawGaps(ctx, gaps(pieces, map), map, colours.plot.loss);
    drawValues(ctx, pieces, map, ...ofSignal(colours, this.plot.unit(name)));
    ctx.strokeStyle = colours.rule;
    ctx.lineWidth = 1;
    ctx.strokeRect(map.left, 1.5, map.width, HEIGHT - 3);
    return still;
  }
}
