/* SPDX-License-Identifier: Apache-2.0 */
// Named regions, kept with the session outside its sealed facts. Every change begins from what the server has now,
// so that two viewers of one session do not undo each other's.

import { putAnnotations, session } from "./api.js";
import { announce, byId, el, fill } from "./dom.js";
import { duration, moment, plain, when } from "./words.js";

const TRIES = 5;

export class Annotations {
  constructor(key, view, list, layers) {
    Object.assign(this, { key, view, list, layers, sure: null });
    byId("region-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
    this.show();
  }

  async change(edit, said) {
    const state = byId("regions-state");
    state.className = "quiet";
    state.textContent = "saving …";
    try {
      this.list = await this.put(edit);
      state.textContent = said;
      announce(said);
    } catch (failure) {
      state.className = "lost";
      state.textContent = plain(failure.message);
    }
    this.sure = null;
    this.show();
  }

  /** Change what the server has now; begin again where somebody else changed it meanwhile. */
  async put(edit) {
    for (let left = TRIES; ; left--) {
      const { annotations, annotations_version } = await session(this.key);
      try {
        return await putAnnotations(this.key, edit(annotations ?? []), annotations_version);
      } catch (failure) {
        if (failure.status !== 412 || left <= 1) throw failure;
      }
    }
  }

  save() {
    const region = this.view.region;
    if (!region) return;
    const name = byId("region-name").value.trim() || `region ${this.list.length + 1}`;
    const made = {
      id: unique(),
      name,
      start_s: region[0],
      stop_s: region[1],
      text: byId("region-text").value.trim(),
      made_utc: new Date().toISOString(),
    };
    byId("region-name").value = byId("region-text").value = "";
    return this.change((list) => [...list, made], `Region ${name} is kept.`);
  }

  rename(id, name) {
    const given = name.trim();
    if (given)
      this.change((list) => list.map((a) => (a.id === id ? { ...a, name: given } : a)), `Renamed to ${given}.`);
  }

  remove(one) {
    if (this.sure !== one.id) {
      this.sure = one.id;
      this.show();
      document.querySelector(`[data-remove="${CSS.escape(one.id)}"]`)?.focus();
      return;
    }
    this.change((list) => list.filter((a) => a.id !== one.id), `Region ${one.name} is removed.`);
  }

  show() {
    this.layers.regions(this.list);
    const rows = this.list.map((one) => {
      const name = plain(one.name, 200),
        span = one.stop_s - one.start_s,
        room = 0.15 * span;
      const jump = () => {
        this.view.markBoth(one.start_s, one.stop_s);
        this.view.glide(one.start_s - room, one.stop_s + room);
      };
      const field = el("input", {
        type: "text",
        value: one.name,
        maxlength: 200,
        "aria-label": `Name of region ${name}`,
        on: { change: (event) => this.rename(one.id, event.target.value) },
      });
      const sure = this.sure === one.id;
      return el(
        "tr",
        {},
        el(
          "td",
          { "data-label": "Name" },
          field,
          one.text ? el("div", { class: "quiet" }, plain(one.text, 2000)) : null,
        ),
        el("td", { "data-label": "From", class: "number" }, moment(one.start_s, this.view.period)),
        el("td", { "data-label": "Duration", class: "number" }, duration(span)),
        el("td", { "data-label": "Made" }, when(one.made_utc)),
        el(
          "td",
          { "data-label": "" },
          el(
            "span",
            { class: "buttons" },
            el("button", { type: "button", "aria-label": `Show region ${name}`, on: { click: jump } }, "Show"),
            el(
              "button",
              {
                type: "button",
                class: sure ? "sure" : "",
                data: { remove: one.id },
                "aria-label": sure ? `Really remove region ${name}` : `Remove region ${name}`,
                on: { click: () => this.remove(one) },
              },
              sure ? "Really remove?" : "Remove",
            ),
          ),
        ),
      );
    });
    const head = ["Name", "From", "Duration", "Made", ""].map((t, k) =>
      el(
        "th",
        { scope: "col", class: k === 1 || k === 2 ? "number" : null },
        t || el("span", { class: "unseen" }, "Actions"),
      ),
    );
    fill(
      byId("regions"),
      rows.length
        ? el(
            "div",
            { class: "cards" },
            el(
              "table",
              {},
              el("caption", {}, "Kept with the session, outside its sealed facts."),
              el("thead", {}, el("tr", {}, head)),
              el("tbody", {}, rows),
            ),
          )
        : el("p", { class: "quiet" }, "No regions are kept with this session yet."),
    );
  }
}

function unique() {
  if (crypto.randomUUID) return crypto.randomUUID();
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
}
