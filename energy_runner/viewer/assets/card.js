/* SPDX-License-Identifier: Apache-2.0 */
// One run: supply, phase, how far, scrolling trace, boxes, last lines, and the button that stops it.

import { announce, el, fill } from "./dom.js";
import { Chart } from "./chart.js";
import { virtualBand } from "./head.js";
import { DASH, duration, plain, prefixed } from "./words.js";

const MOST_LINES = 200,
  MOST_BLOCKS = 7000,
  SURE_MS = 6000;
const SUPPLY = { on: "SUPPLY ON", off: "SUPPLY OFF", unknown: "SUPPLY UNKNOWN" };
const WAYS = { to: "→ ", from: "← ", note: "· " };
const BOXES = { ready: "\u2713", warn: "!", bad: "\u2717", closed: "\u25cb", unknown: "?" };
const HEAD = ["title", "bench", "benchmark", "mode", "virtual"];
const GOOD_ENDS = ["completed"];

export class Card {
  constructor(feed, options, control) {
    Object.assign(this, {
      id: feed.id,
      options,
      feed: {},
      outcome: null,
      series: new Map(),
      signal: null,
      waiting: [],
      asked: 0,
    });
    this.parts = Object.fromEntries(
      ["title", "virtual", "supply", "phase", "reading", "boxes", "end", "problems", "stopState"].map((name) => [
        name,
        el("div", {}),
      ]),
    );
    this.parts.title = el("h2", { id: `title-${cssName(feed.id)}` });
    this.parts.progress = el("progress", { "aria-label": "Done", max: 1 });
    this.parts.lines = el("ol", { class: "lines", tabindex: 0, "aria-label": "Last lines of the DUT" });
    this.parts.supply.className = "supply unknown";
    this.parts.supply.setAttribute("role", "status");
    this.parts.reading.className = "readings";
    this.parts.chart = el("div", { class: "chart-place", role: "img", "aria-label": "Trace of the last minute" });
    this.parts.signals = el("span", { class: "buttons" });
    this.parts.stop = el(
      "button",
      { type: "button", class: "stop", hidden: true, on: { click: () => this.stop() } },
      "Stop the run …",
    );
    const p = this.parts;
    this.element = el(
      "section",
      { "aria-labelledby": p.title.id },
      p.title,
      p.virtual,
      p.supply,
      p.end,
      p.phase,
      p.progress,
      el("div", { class: "controls" }, p.signals, p.reading),
      p.chart,
      p.problems,
      p.boxes,
      p.lines,
      el("div", { class: "controls" }, p.stop, p.stopState),
    );
    this.chart = new Chart(p.chart, {
      height: 190,
      unit: "W",
      zero: true,
      axis: "time of the trace",
      range: () => this.range(),
    });
    this.draw = () => this.redraw();
    this.control(control);
  }

  control(on) {
    this.allowed = on;
    this.parts.stop.hidden = !on || Boolean(this.outcome);
  }

  snapshot(feed) {
    this.series.clear();
    this.parts.lines.replaceChildren();
    this.feed = {};
    if (!feed.outcome && this.outcome) this.anew();
    const blocks = feed.blocks ?? {};
    this.fill(blocks);
    this.lines(feed.lines ?? []);
    this.state(feed);
    this.redraw();
  }

  /** Forget that a run has ended: another one has begun under its name. */
  anew() {
    this.outcome = null;
    fill(this.parts.end);
    this.parts.progress.hidden = this.parts.stop.disabled = false;
    this.control(this.allowed);
  }

  /** What is run where; of a run that has only begun it comes little by little. */
  head() {
    const { title, bench, benchmark, mode, virtual } = this.feed;
    const name = String(title || this.id),
      more = [bench, benchmark, mode].filter((part) => part && !name.includes(part));
    fill(this.parts.title, plain(name, 120), " ", el("span", { class: "quiet" }, plain(more.join(" · "), 160)));
    fill(this.parts.virtual, virtual ? virtualBand() : null);
  }

  fill({ signals, first_s = 0, step_s = 0.1 }) {
    for (const [name, of] of Object.entries(signals ?? {})) {
      const mean = of.mean ?? [],
        at = mean.map((_, k) => first_s + (k + 0.5) * step_s);
      this.series.set(name, { at, mean: [...mean], low: [...(of.min ?? mean)], high: [...(of.max ?? mean)] });
    }
  }

  /** The signals that there are: buttons for them, and samples of a former acquisition are forgotten. */
  signals(list) {
    this.units = new Map(list.map((s) => [s.name, s.unit]));
    for (const name of this.series.keys()) if (!this.units.has(name)) this.series.delete(name);
    if (!this.units.has(this.signal))
      this.signal = list.find((s) => s.name === "power")?.name ?? list[0]?.name ?? null;
    fill(
      this.parts.signals,
      list.length > 1
        ? list.map((s) =>
            el(
              "button",
              {
                type: "button",
                "aria-pressed": s.name === this.signal,
                data: { signal: s.name },
                on: { click: () => this.choose(s.name) },
              },
              plain(s.name, 30),
            ),
          )
        : null,
    );
  }

  choose(name) {
    this.signal = name;
    for (const button of this.parts.signals.querySelectorAll("button"))
      button.setAttribute("aria-pressed", button.dataset.signal === name);
    this.redraw();
  }

  blocks({ at_s, signals, step_s = 0 }) {
    for (const [name, of] of Object.entries(signals ?? {})) {
      if (!this.series.has(name)) this.series.set(name, { at: [], mean: [], low: [], high: [] });
      const held = this.series.get(name);
      this.signal ??= name;
      at_s.forEach((begin, k) => {
        const at = begin + step_s / 2;
        if (held.at.length && at <= held.at.at(-1)) return; // told twice, after a new connection
        // What did not come is not bridged by a line.
        if (step_s && at - held.at.at(-1) > 1.6 * step_s) {
          held.at.push(at - step_s);
          for (const list of [held.mean, held.low, held.high]) list.push(null);
        }
        held.at.push(at);
        held.mean.push(of.mean[k]);
        held.low.push(of.min?.[k] ?? of.mean[k]);
        held.high.push(of.max?.[k] ?? of.mean[k]);
      });
      // Whole chunks are dropped, so that a night costs no more than ten minutes.
      if (held.at.length > MOST_BLOCKS * 1.2)
        for (const list of Object.values(held)) list.splice(0, list.length - MOST_BLOCKS);
    }
    if (!this.options.held()) this.redraw();
  }

  lines(lines) {
    const list = this.parts.lines,
      atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 8;
    for (const { at_s, way, text } of lines) {
      list.append(
        el(
          "li",
          {},
          el("span", { class: "at" }, at_s === null || at_s === undefined ? "" : `${at_s.toFixed(3)} s `),
          WAYS[way] ?? "",
          plain(text, 500),
        ),
      );
    }
    while (list.childElementCount > MOST_LINES) list.firstChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
  }

  state(changed) {
    const before = this.feed.supply,
      phase = this.feed.phase;
    for (const [name, value] of Object.entries(changed))
      if (!["kind", "n", "feed", "blocks", "lines"].includes(name)) this.feed[name] = value;
    const f = this.feed,
      p = this.parts;
    if (HEAD.some((name) => name in changed)) this.head();
    if (changed.signals) this.signals(changed.signals);
    this.supply(f.supply in SUPPLY ? f.supply : "unknown", plain(f.supply_text ?? "", 200));
    if (before && before !== f.supply)
      announce(`${plain(f.bench ?? f.title, 60)}: ${SUPPLY[f.supply] ?? SUPPLY.unknown}.`);
    const left =
      f.left_s === null || f.left_s === undefined || this.outcome
        ? ""
        : `, about ${duration(Math.max(0, f.left_s), 2)} left`;
    fill(
      p.phase,
      el("strong", {}, plain(f.phase ?? "", 60)),
      f.detail ? `: ${plain(f.detail, 200)}` : "",
      el("span", { class: "quiet" }, left),
    );
    if (phase && phase !== f.phase) announce(`${plain(f.title ?? "", 60)}: ${plain(f.phase ?? "", 60)}.`);
    if (Number.isFinite(f.total_s) && f.total_s > 0) p.progress.value = Math.min(1, (f.done_s ?? 0) / f.total_s);
    else p.progress.removeAttribute("value");
    const boxes = (f.boxes ?? []).map((box) =>
      el(
        "li",
        { class: box.state in BOXES ? box.state : "" },
        el("span", { "aria-hidden": "true" }, BOXES[box.state] ?? "", " "),
        el("strong", {}, plain(box.name, 60)),
        box.role ? ` (${plain(box.role, 40)})` : "",
        ` ${plain(box.state ?? "", 60)}`,
        box.text ? `: ${plain(box.text, 160)}` : "",
      ),
    );
    if (changed.boxes)
      fill(p.boxes, boxes.length ? el("ul", { class: "boxes", "aria-label": "Boxes" }, boxes) : null);
    if (changed.problems)
      fill(
        p.problems,
        (f.problems ?? []).map((text) => el("p", { class: "lost" }, plain(text, 400))),
      );
    if (f.dropped) p.reading.title = `${f.dropped} blocks were not shown here; the run recorded them.`;
    if (f.outcome && !this.outcome) this.ended(f);
  }

  supply(now, text) {
    const place = this.parts.supply,
      words = `${now} ${text}`;
    if (place.dataset.words === words) return;
    place.dataset.words = words;
    place.className = `supply ${now}`;
    fill(
      place,
      el("span", { class: "state-mark", "aria-hidden": "true" }),
      SUPPLY[now],
      text ? el("small", {}, text) : null,
    );
  }

  connected(on) {
    if (on || this.outcome) return;
    this.supply("unknown", "no connection to the run");
  }

  ended({ outcome, session_key }) {
    this.outcome = outcome ?? "ended";
    const key = session_key ?? this.feed.session_key,
      good = GOOD_ENDS.includes(this.outcome);
    fill(
      this.parts.end,
      el(
        "div",
        { class: `band ${good ? "good" : "bad"}`, role: "status" },
        el("strong", {}, good ? "COMPLETED" : plain(this.outcome, 60).toUpperCase()),
        this.feed.reason ? ` – ${plain(this.feed.reason, 300)} ` : " ",
        key ? el("a", { href: `trace.html?s=${encodeURIComponent(key)}` }, "Open the session") : null,
      ),
    );
    this.parts.stop.hidden = true;
    fill(this.parts.stopState);
    this.parts.progress.hidden = true;
    announce(`${plain(this.feed.title ?? "", 60)} has ended: ${plain(this.outcome, 60)}.`);
  }

  range() {
    const held = this.series.get(this.signal),
      last = held?.at.at(-1) ?? 0,
      span = this.options.span();
    if (!this.options.held() || !this.heldAt) this.heldAt = last;
    const stop = Math.max(this.options.held() ? this.heldAt : last, span);
    return [stop - span, stop];
  }

  redraw() {
    const held = this.series.get(this.signal),
      unit = this.units?.get(this.signal) ?? "W";
    Object.assign(this.chart.options, { unit, title: this.signal ?? "power" });
    if (!held) return this.chart.set([]);
    const [start] = this.range(),
      from = Math.max(0, held.at.findIndex((at) => at >= start) - 1);
    this.chart.set([
      {
        index: 0,
        at: held.at.slice(from),
        mean: held.mean.slice(from),
        low: held.low.slice(from),
        high: held.high.slice(from),
      },
    ]);
    const last = held.mean.at(-1),
      low = held.low.at(-1),
      high = held.high.at(-1);
    this.parts.reading.textContent =
      last === undefined || last === null
        ? DASH
        : `${prefixed(last, unit)} (${prefixed(low, unit, 3)} to ${prefixed(high, unit, 3)})`;
  }

  /** The first press asks; only a second one within some seconds stops the run. */
  async stop() {
    const { stop, stopState } = this.parts;
    if (!this.asked) {
      stop.textContent = "Yes, stop the run";
      stop.classList.add("sure");
      fill(
        stopState,
        "Really? The run ends as with Ctrl-C: the supply is switched off, what was measured is kept.",
        " ",
        el("button", { type: "button", on: { click: () => this.unask() } }, "No"),
      );
      announce("Really stop the run? Press again to stop it.");
      this.asked = setTimeout(() => this.unask(), SURE_MS);
      return;
    }
    this.unask();
    stop.disabled = true;
    fill(stopState, "asked to stop …");
    try {
      await this.options.stop(this.id);
    } catch (failure) {
      stop.disabled = false;
      fill(stopState, el("span", { class: "lost", role: "alert" }, plain(failure.message)));
    }
  }

  unask() {
    clearTimeout(this.asked);
    this.asked = 0;
    this.parts.stop.textContent = "Stop the run …";
    this.parts.stop.classList.remove("sure");
    fill(this.parts.stopState);
  }
}

const cssName = (text) => String(text).replace(/[^\w-]/g, "_");
