/* SPDX-License-Identifier: Apache-2.0 */
// What lies under the pointer, in a box beside it.

import { byId, el, fill } from "./dom.js";
import { THIN, duration, moment, number, prefixed, wallClock } from "./words.js";

const MOST_ITEMS = 5,
  AWAY = 14;

export class Tip {
  constructor(plot, layers, meta) {
    Object.assign(this, { plot, layers, meta, box: byId("tip") });
  }

  hide() {
    this.box.hidden = true;
  }

  show(pointer) {
    const { plot, box } = this;
    if (pointer.x < plot.left || pointer.x > plot.left + plot.inner || pointer.y < 22) return this.hide();
    const found = plot.under(pointer.x, pointer.y);
    if (!found.area || found.area.kind === "axis") return this.hide();
    fill(
      box,
      el("div", { class: "quiet" }, this.time(found.time)),
      found.values.map((value) => this.value(value)),
      found.curves
        .filter((c) => c.value !== null)
        .map((c) => el("div", {}, `${c.name}: ${prefixed(c.value, c.unit, 5)}`)),
      found.items
        .slice(0, MOST_ITEMS)
        .map(({ layer, item }) =>
          el(
            "div",
            { class: `item ${item.kind}` },
            `${this.layers.title(layer)}: ${item.text}`,
            item.point && item.u ? ` (± ${duration(item.u)})` : "",
          ),
        ),
      found.items.length > MOST_ITEMS
        ? el("div", { class: "quiet" }, `and ${found.items.length - MOST_ITEMS} more`)
        : null,
    );
    box.hidden = false;
    const width = box.offsetWidth,
      room = plot.left + plot.inner,
      left = pointer.x + AWAY + width > room ? pointer.x - AWAY - width : pointer.x + AWAY;
    box.style.transform = `translate(${Math.max(0, left)}px, ${Math.max(0, Math.min(pointer.y + AWAY, plot.height - box.offsetHeight))}px)`;
  }

  time(seconds) {
    const { meta, plot } = this,
      axis = plot.view.axis;
    if (axis === "run") return `${moment(seconds - meta.run_zero_s, meta.period_s)} since the run began`;
    if (axis === "clock" && plot.utcAtZero !== null)
      return wallClock(plot.utcAtZero + BigInt(Math.round(seconds * 1e9)), 6);
    return moment(seconds, meta.period_s);
  }

  value({ name, unit, low, mean, high, present, width }) {
    if (mean === null) return el("div", { class: "lost" }, `${name}: no samples here`);
    const missing = present !== null && present < 1 ? `, ${number((1 - present) * 100, 2)}${THIN}% missing` : "";
    if (width <= 1) return el("div", {}, el("strong", {}, `${name} ${prefixed(mean, unit, 5)}`), ", one sample");
    return el(
      "div",
      {},
      el("strong", {}, `${name} ${prefixed(mean, unit, 5)}`),
      ` mean of ${number(width, 9)} samples; ${prefixed(low, unit, 4)} to ${prefixed(high, unit, 4)}${missing}`,
    );
  }
}
