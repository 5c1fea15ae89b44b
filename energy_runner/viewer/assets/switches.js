/* SPDX-License-Identifier: Apache-2.0 */
// The switches of a trace page: signals, layers, axes, rail. Built once, then kept in step with the view.

import { byId, el, fill } from "./dom.js";
import { absent } from "./layers.js";
import { number, plain } from "./words.js";

/** Build the switches of signals and layers. */
export function build(view, meta, layers, plot) {
  const signals = meta.signals.map((signal) =>
    box(
      plot.title(signal.name, signal.unit),
      view.signals.includes(signal.name),
      false,
      (on) => {
        // One signal stays, whatever is switched off.
        if (!on && view.signals.length === 1) return refresh(view);
        view.signals = meta.signals
          .map((s) => s.name)
          .filter((n) => (n === signal.name ? on : view.signals.includes(n)));
        view.changed("signals");
      },
      `signal-${signal.name}`,
      signal.recorded === false ? "computed from what was recorded" : "",
    ),
  );
  fill(byId("signal-switches"), el("legend", {}, "Signals"), signals);
  const rows = [...layers.table.values()].map((row) => {
    const none = absent(row),
      total = Number.isFinite(row.total) ? number(row.total, 9) : "";
    const why = row.why_not ? plain(row.why_not, 300) : row.total === 0 ? "There are none in this session." : "";
    return box(
      plain(row.title ?? row.name, 60),
      view.layers.includes(row.name) && !none,
      none,
      (on) => view.toggle("layers", row.name, on),
      `layer-${row.name}`,
      why,
      none ? "" : total,
    );
  });
  fill(
    byId("layer-switches"),
    el("legend", {}, "Layers"),
    rows.length ? rows : el("span", { class: "quiet" }, "none"),
  );
  select(
    byId("axis"),
    [
      ["trace", "trace"],
      ["run", "run"],
      ["clock", "wall clock"],
    ].filter(([name]) => axes(meta).includes(name)),
    view.axis,
    (name) => view.set("axis", name),
  );
  select(
    byId("scale"),
    [
      ["fit", "fitted"],
      ["zero", "from zero"],
      ["log", "logarithmic"],
    ],
    view.scale,
    (name) => view.set("scale", name),
  );
  const rails = meta.rails ?? [];
  byId("rail-label").hidden = rails.length < 2;
  select(
    byId("rail"),
    rails.map((r) => [railName(r), plain(railName(r), 40)]),
    view.rail ?? railName(rails[0] ?? ""),
    (name) => view.set("rail", name, "rail"),
  );
}

export const railName = (rail) => (typeof rail === "string" ? rail : String(rail?.name ?? ""));

/** Return the axes of time that a session can have. */
export function axes(meta) {
  const known = ["trace"];
  if (Number.isFinite(meta.run_zero_s)) known.push("run");
  if (meta.utc_at_zero_ns !== null && meta.utc_at_zero_ns !== undefined) known.push("clock");
  return known;
}

/** Bring the switches in step with a view that was changed by a key or a link. */
export function refresh(view) {
  for (const input of document.querySelectorAll("#signal-switches input"))
    input.checked = view.signals.includes(input.name.slice(7));
  for (const input of document.querySelectorAll("#layer-switches input"))
    input.checked = view.layers.includes(input.name.slice(6));
  byId("axis").value = view.axis;
  byId("scale").value = view.scale;
  if (view.rail !== null) byId("rail").value = view.rail;
}

function box(title, checked, disabled, changed, name, why, total = "") {
  const input = el("input", {
    type: "checkbox",
    name,
    checked,
    disabled,
    on: { change: (event) => changed(event.target.checked) },
  });
  input.checked = checked;
  return el(
    "label",
    { class: disabled ? "switch off" : "switch", title: why || null },
    input,
    el("span", {}, title),
    total ? el("span", { class: "quiet total" }, total) : null,
    why ? el("span", { class: "unseen" }, `. ${why}`) : null,
  );
}

function select(place, options, chosen, changed) {
  fill(
    place,
    options.map(([value, text]) => el("option", { value }, text)),
  );
  place.value = chosen;
  place.onchange = () => changed(place.value);
}
