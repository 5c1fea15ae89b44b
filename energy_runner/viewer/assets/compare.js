/* SPDX-License-Identifier: Apache-2.0 */
// Sessions laid over each other at the starts of their windows. Figures and words come from the server.

import { keys, overlay } from "./api.js";
import { announce, byId, el, fill } from "./dom.js";
import { Chart, keyOf, nearest } from "./chart.js";
import { SIGNS, verdict, virtualBand } from "./head.js";
import { DASH, MICROJOULES, THIN, count, duration, number, plain, prefixed, withU } from "./words.js";

const COLUMNS = 600;
const hidden = new Set();

/** Return a series of a document's arrays, whatever of them is there; a column stands at its middle. */
function series(given, index) {
  const mean = given?.mean_w ?? given?.mean ?? [];
  if (!mean.length) return null;
  const step = given.step_s ?? 0,
    first = given.first_s ?? 0;
  const begins = given.at_s ?? mean.map((_, k) => first + k * step),
    ends = (k) => begins[k + 1] ?? begins[k] + step;
  const at = mean.map((_, k) => (begins[k] + ends(k)) / 2),
    stop = ends(mean.length - 1);
  return { index, at, stop, mean, low: given.low_w ?? given.low ?? mean, high: given.high_w ?? given.high ?? mean };
}

const overWindows = (one, index) => series(one.curve, index);
const inference = (one, index) => series(one.inference, index);
const named = (one) => plain(one.name ?? one.session_id ?? one.key, 80);

function chart(place, readings, axis, sessions) {
  const made = new Chart(byId(place), {
    height: 300,
    unit: "W",
    axis,
    name: place.replace("-chart", ""),
    range: () => (made.series.length ? [0, Math.max(...made.series.map((s) => s.stop))] : null),
    hover: (time) => {
      const parts =
        time === null
          ? []
          : made.series.map((s) => [sessions[s.index], nearest(s, time)]).filter(([, v]) => v !== null);
      byId(readings).textContent = parts.length
        ? `${duration(time)}: ${parts.map(([one, v]) => `${named(one)} ${prefixed(v, "W")}`).join("; ")}`
        : "";
    },
  });
  return made;
}

const energyOf = (one) => withU(one.score_j, one.U_j, "J", MICROJOULES);

function table(columns, rows, caption = null) {
  const head = columns.map(([text, kind]) => el("th", { scope: "col", class: kind ?? null }, text));
  const body = rows.map((cells) =>
    el(
      "tr",
      {},
      cells.map((cell, k) =>
        el(
          k ? "td" : "th",
          { scope: k ? null : "row", class: columns[k][1] ?? null, "data-label": k ? columns[k][0] : null },
          cell,
        ),
      ),
    ),
  );
  return el(
    "div",
    { class: "cards scroll" },
    el(
      "table",
      {},
      caption ? el("caption", {}, caption) : null,
      el("thead", {}, el("tr", {}, head)),
      el("tbody", {}, body),
    ),
  );
}

function fillSessions(sessions) {
  const rows = sessions.map((one, k) => [
    [
      keyOf(k),
      el("a", { href: `trace.html?s=${encodeURIComponent(one.key)}` }, named(one)),
      one.virtual ? el("span", { class: "tag" }, "VIRTUAL") : null,
    ],
    plain([one.benchmark, one.mode].filter(Boolean).join(" · "), 80),
    energyOf(one),
    verdictOf(one),
    number(one.windows?.length ?? null),
    meanInference(one.inference),
    (one.notes ?? []).map((note) => el("div", {}, plain(note, 400))),
  ]);
  const columns = [
    ["Session"],
    ["Benchmark"],
    ["Energy per inference", "number"],
    ["Verdict"],
    ["Windows", "number"],
    ["Mean inference", "wide"],
    ["Remarks"],
  ];
  fill(byId("sessions"), table(columns, rows));
}

function verdictOf(one) {
  const [word, kind] = verdict(one);
  return el("span", { class: `verdict ${kind}` }, SIGNS[kind] + word);
}

const micro = (energy) => `${number(energy * MICROJOULES[0], 5)}${THIN}${MICROJOULES[1]}`;

function meanInference(given) {
  if (!given) return DASH;
  const energy = given.energy_j
    ? `median ${micro(given.energy_j.median)}, 5 % to 95 %: ${micro(given.energy_j.p5)} to ${micro(given.energy_j.p95)}`
    : "";
  return [
    Number.isFinite(given.inferences)
      ? `${count(given.inferences, "inference")} of window ${given.window + 1}`
      : "",
    given.duration_s ? duration(given.duration_s) : "",
    energy,
    given.spread ? `band: ${plain(given.spread, 80)}` : "",
  ]
    .filter(Boolean)
    .join("; ");
}

// The words are the server's: lines of name, figure of A, figure of B, verdict, what cancels.
function fillDifferences(found, sessions) {
  const list = found.differences ?? [];
  byId("differences-section").hidden = !list.length;
  const parts = list.map((pair) => {
    const [a, b] = [sessions[pair.a], sessions[pair.b]],
      line = (text, lead) =>
        plain(
          String(text ?? "")
            .trim()
            .replace(lead, ""),
          400,
        );
    const rows = (pair.figures ?? []).map((one) => {
      const [name, first, second, ...rest] = one.words ?? [];
      const notes = (one.notes ?? []).map((note) => el("div", { class: "quiet" }, plain(note, 400)));
      return [
        line(name, ""),
        line(first, /^A\s+/),
        line(second, /^B\s+/),
        [rest.map((text, k) => el("div", { class: k ? "quiet" : "" }, line(text, ""))), notes],
      ];
    });
    return [
      el("h3", {}, `A: ${a ? named(a) : DASH}; B: ${b ? named(b) : DASH}`),
      pair.sentence ? el("p", {}, el("strong", {}, plain(pair.sentence, 400))) : null,
      pair.why ? el("p", { class: "lost" }, `No difference can be stated: ${plain(pair.why, 400)}`) : null,
      rows.length ? table([["Figure"], ["A", "number"], ["B", "number"], ["Difference, with U"]], rows) : null,
    ];
  });
  fill(byId("differences"), el("p", { class: "quiet" }, "U honours the errors that both have in common."), parts);
}

function fillBands(found, sessions) {
  const virtual = sessions.filter((one) => one.virtual),
    notes = (found.notes ?? []).map((note) => el("li", {}, plain(note, 600)));
  fill(
    byId("bands"),
    virtual.length
      ? virtualBand(virtual.length < sessions.length ? `: ${virtual.map(named).join(", ")}` : "")
      : null,
    notes.length
      ? el(
          "div",
          { class: "band problem", role: "note" },
          el("strong", {}, "To be kept in mind"),
          el("ul", {}, notes),
        )
      : null,
  );
}

async function begin() {
  const chosen = keys();
  if (chosen.length < 2)
    throw new Error("A comparison needs two sessions. Try: tick them in the list of sessions.");
  const found = await overlay(chosen, COLUMNS),
    sessions = found.sessions ?? [];
  sessions.forEach((one, k) => {
    one.key ??= chosen[k];
  }); // they come in the order in which they were asked for
  byId("state").textContent = count(sessions.length, "session");
  fillBands(found, sessions);
  fillDifferences(found, sessions);
  fillSessions(sessions);
  const parts = [
    ["windows", overWindows, "time since the window began"],
    ["inference", inference, "time since the inference began"],
  ];
  const charts = parts
    .map(([name, of, axis]) => {
      const all = sessions.map(of);
      byId(`${name}-section`).hidden = !all.some(Boolean);
      return all.some(Boolean) ? [chart(`${name}-chart`, `${name}-readings`, axis, sessions), all] : null;
    })
    .filter(Boolean);
  const show = () => charts.forEach(([made, all]) => made.set(all.filter((one, k) => one && !hidden.has(k))));
  byId("legend").hidden = !charts.length;
  fill(
    byId("legend"),
    el("legend", {}, "Shown"),
    sessions.map((one, k) => {
      const box = el("input", {
        type: "checkbox",
        on: {
          change: () => {
            if (box.checked) hidden.delete(k);
            else hidden.add(k);
            show();
          },
        },
      });
      box.checked = true;
      return el("label", { class: "switch" }, box, keyOf(k), named(one));
    }),
  );
  show();
  // For the tests: where the first columns begin, by chart.
  const begins = { windows: sessions[0]?.curve?.at_s, inference: sessions[0]?.inference?.at_s };
  window.comparison = { charts: charts.map(([made]) => made), begins };
  announce(
    `${count(sessions.length, "session")} compared. ${(found.differences ?? []).map((d) => plain(d.sentence ?? "", 300)).join(" ")}`,
  );
}

begin().catch((failure) => {
  byId("state").textContent = "";
  fill(
    byId("bands"),
    el(
      "div",
      { class: "band bad", role: "alert" },
      `${plain(failure.message)} `,
      el("a", { href: "list.html" }, "To the list of sessions"),
    ),
  );
});
