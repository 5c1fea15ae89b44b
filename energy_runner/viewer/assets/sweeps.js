/* SPDX-License-Identifier: Apache-2.0 */
// Sweeps with their points: what was set, what came, and the way to the trace of each.

import { figures, ofSweep } from "./api.js";
import { el, fill } from "./dom.js";
import { pointsChart } from "./sweep_chart.js";
import { DASH, MICROJOULES, count, number, plain, prefixed, when, withU } from "./words.js";

const MOST_LAID = 8; // points laid over each other by one link
const energyOf = (point) => point.energy_j ?? point.score_j ?? null;
const keyOf = (point) => point.key ?? point.session_key ?? null;
const energy = (point) => (energyOf(point) === null ? DASH : withU(energyOf(point), point.U_j, "J", MICROJOULES));
const setting = (value) => (typeof value === "number" ? number(value) : plain(value ?? "", 80));
const settings = (values) =>
  Object.entries(values ?? {})
    .map(([name, value]) => `${plain(name, 40)} ${setting(value)}`)
    .join(", ");

/** Fill a place with sweeps; `page(key)` is the address of a session. */
export function fillSweeps(place, sweeps, page) {
  fill(
    place,
    sweeps.map((sweep) => {
      const points = sweep.points ?? [];
      return el(
        "details",
        { open: sweeps.length === 1, class: "sweep" },
        el(
          "summary",
          {},
          el("strong", {}, plain(sweep.name ?? sweep.id ?? "sweep", 100)),
          sweep.virtual ? el("span", { class: "tag" }, "VIRTUAL") : null,
          " ",
          el("span", { class: "quiet" }, about(sweep, points)),
        ),
        sweep.problem ? el("p", { class: "lost" }, plain(sweep.problem, 400)) : null,
        best(sweep, points),
        layAll(points),
        pointsChart(points.map((point) => charted(point, page)).filter(Boolean), sweep.virtual),
        table(points, page),
        sweep.left_out
          ? el("p", { class: "quiet" }, `${count(sweep.left_out, "point")} more are not listed.`)
          : null,
        drawn(sweep, points),
      );
    }),
  );
}

function charted(point, page) {
  if (point.state !== "done" || energyOf(point) === null || !point.latency_s) return null;
  const said = [`${settings(point.values)}: ${energy(point)}`, prefixed(point.latency_s, "s")];
  return {
    x: point.latency_s,
    y: energyOf(point),
    u: point.U_j ?? 0,
    valid: point.valid === true,
    address: keyOf(point) ? page(keyOf(point)) : null,
    said: `Point ${number(point.number)}, ${said.join(", ")}${point.valid === true ? "" : ", not valid"}`,
  };
}

/** Return the figures of `sweep plot`, which are drawn when somebody opens them: that takes some seconds. */
function drawn(sweep, points) {
  if (!sweep.id || !points.some((point) => energyOf(point) !== null)) return null;
  const place = el("div", { class: "sweep-figures" });
  let asked = false;
  const show = async (event) => {
    if (!event.target.open || asked) return;
    asked = true;
    fill(place, el("p", { class: "quiet", role: "status" }, "drawing …"));
    try {
      const found = await figures(sweep.id);
      fill(
        place,
        el("p", {}, el("a", { href: ofSweep(sweep.id, "page") }, "All figures on a page of their own, to be zoomed")),
        (found.figures ?? []).map((one) => {
          const address = ofSweep(sweep.id, `figures/${encodeURIComponent(one.name)}`),
            title = plain(one.title, 200);
          return el(
            "figure",
            {},
            el("a", { href: address }, el("img", { src: address, alt: title })),
            (one.notes ?? []).map((note) => el("figcaption", { class: "unseen" }, plain(note, 1000))),
          );
        }),
        (found.absent ?? []).map((text) => el("p", { class: "quiet" }, plain(text, 400))),
      );
    } catch (failure) {
      asked = false;
      fill(place, el("p", { class: "lost", role: "alert" }, plain(failure.message)));
    }
  };
  return el("details", { on: { toggle: show } }, el("summary", {}, "Figures of the sweep"), place);
}

function about(sweep, points) {
  const states = Object.entries(sweep.counts ?? {})
    .filter(([, n]) => n)
    .map(([state, n]) => `${n} ${plain(state, 30)}`);
  const references = points.filter((point) => point.kind === "reference").length;
  const left = (sweep.counts?.waiting ?? 0) + (sweep.counts?.running ?? 0);
  const state = sweep.state === "open" && !left ? "finished" : sweep.state;
  const parts = [
    sweep.created_utc && when(sweep.created_utc),
    state && plain(state, 60),
    count(points.length - references, "point") + (references ? ` and ${references} of the reference` : ""),
    states.join(", "),
    (sweep.benches ?? []).length ? `on ${sweep.benches.map((b) => plain(b, 60)).join(", ")}` : "",
  ];
  return parts.filter(Boolean).join("; ");
}

function best(sweep, points) {
  const words = { energy: "least energy", latency: "shortest", accuracy: "most accurate" };
  const parts = Object.entries(sweep.best ?? {})
    .map(([what, number_]) => {
      const point = points.find((p) => p.number === number_);
      if (!point) return null;
      const figure =
        { energy: energy(point), latency: prefixed(point.latency_s, "s"), accuracy: number(point.accuracy, 4) }[
          what
        ] ?? "";
      return `${words[what] ?? plain(what, 40)}: point ${number_}, ${figure}${settings(point.values) ? ` at ${settings(point.values)}` : ""}`;
    })
    .filter(Boolean);
  return parts.length ? el("p", {}, `Best of the valid points. ${parts.join("; ")}.`) : null;
}

function layAll(points) {
  const keys = points.map(keyOf).filter(Boolean).slice(0, MOST_LAID);
  if (keys.length < 2) return null;
  const address = "compare.html?" + keys.map((key) => "s=" + encodeURIComponent(key)).join("&");
  return el(
    "p",
    {},
    el(
      "a",
      { href: address },
      `Lay the traces of ${keys.length === points.length ? "all" : `the first ${keys.length}`} points over each other`,
    ),
  );
}

function table(points, page) {
  const names = [...new Set(points.flatMap((p) => Object.keys(p.values ?? {})))].slice(0, 12);
  const some = (name) => points.some((p) => p[name] !== null && p[name] !== undefined);
  const columns = [
    ["Point", "", (p) => title(p, page)],
    ...names.map((n) => [plain(n, 40), "number", (p) => setting(p.values?.[n])]),
    ["Energy per inference", "number", energy],
    some("latency_s") && ["Latency", "number", (p) => prefixed(p.latency_s, "s")],
    some("accuracy") && [
      "Accuracy",
      "number",
      (p) => (p.accuracy === null ? DASH : `${number(p.accuracy, 4)} ${plain(p.metric ?? "", 20)}`),
    ],
    ["Verdict", "", (p) => judged(p)],
    some("bench") && ["Bench", "", (p) => plain(p.bench ?? "", 60)],
  ].filter(Boolean);
  const head = columns.map(([text, kind]) => el("th", { scope: "col", class: kind || null }, text));
  const rows = points.map((p) =>
    el(
      "tr",
      {},
      columns.map(([text, kind, of], k) =>
        el(
          k ? "td" : "th",
          { scope: k ? null : "row", class: kind || null, "data-label": k ? text : null },
          of(p),
        ),
      ),
    ),
  );
  return el(
    "div",
    { class: "cards scroll" },
    el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows)),
  );
}

function title(point, page) {
  const named = plain(point.number ?? point.point ?? point.name ?? "", 60);
  const repeat = point.repeat > 1 ? `, repeat ${point.repeat}` : "";
  const name = `${point.kind === "reference" ? "reference " : ""}${named}${repeat}`;
  return keyOf(point) ? el("a", { href: page(keyOf(point)) }, name || "trace") : name;
}

function judged(point) {
  const why = [point.reason, ...(point.remarks ?? [])]
    .filter(Boolean)
    .map((t) => plain(t, 300))
    .join("; ");
  const [kind, words] =
    point.valid === true
      ? ["pass", "\u2713 valid"]
      : point.valid === false
        ? ["fail", "\u2717 not valid"]
        : ["info", `\u2022 ${plain(point.state ?? "not judged", 40)}`];
  return [el("span", { class: `verdict ${kind}` }, words), why ? el("div", { class: "quiet" }, why) : null];
}
