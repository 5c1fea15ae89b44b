/* SPDX-License-Identifier: Apache-2.0 */
// The list of sessions: search, filters, order, choice for a comparison. Rows are built once and then only arranged.

import { listing, ofSession } from "./api.js";
import { announce, byId, debounced, el, fill } from "./dom.js";
import { SIGNS, verdict } from "./head.js";
import { fillSweeps } from "./sweeps.js";
import { DASH, MICROJOULES, count, plain, when, withU } from "./words.js";

const MOST_ROWS = 3000; // a browser stays quick up to here; beyond, the search has to narrow it
const COLUMNS = [
  ["name", "Session"],
  ["benchmark", "Benchmark"],
  ["score", "Score ± U", "number"],
  ["verdict", "Verdict"],
  ["bench", "Bench"],
  ["when", "When"],
  ["", "Documents"],
];
const FILTERS = ["verdict", "benchmark", "mode", "bench"];
const state = { rows: [], sort: "when", down: true, chosen: new Set() };

const sessionPage = (key) => `trace.html?s=${encodeURIComponent(key)}`;
const time = (row) => row.when ?? row.when_utc ?? row.started_utc ?? row.written_utc ?? "";

function prepared(row) {
  const [word, kind] = verdict(row);
  const text = [
    row.name,
    row.benchmark,
    row.mode,
    row.bench,
    row.headline,
    row.folder,
    word,
    row.problem,
    row.virtual ? "virtual" : "",
  ];
  return { row, word, kind, text: text.join(" ").toLowerCase(), element: null };
}

function built(one) {
  if (one.element) return one.element;
  const { row, word, kind } = one,
    name = plain(row.name ?? row.key, 120),
    links = row.links ?? {},
    opens = row.opens ?? !row.problem;
  const box = el("input", {
    type: "checkbox",
    "aria-label": `Choose ${name}`,
    disabled: !opens,
    on: { change: (event) => choose(row.key, event.target.checked) },
  });
  box.checked = state.chosen.has(row.key);
  const score =
    row.score_j !== null && row.score_j !== undefined
      ? withU(row.score_j, row.U_j, "J", MICROJOULES)
      : plain(row.headline ?? DASH, 120);
  const documents = [
    ["report", "report"],
    ["certificate", "certificate"],
  ]
    .filter(([what]) => links[what] ?? row[what])
    .map(([what, text]) => [
      el("a", { href: ofSession(row.key, "/" + what), "aria-label": `${text} of ${name}` }, text),
      " ",
    ]);
  one.element = el(
    "tr",
    {},
    el("td", { "data-label": "Compare" }, box),
    el(
      "th",
      { scope: "row" },
      !opens ? name : el("a", { href: sessionPage(row.key) }, name),
      row.virtual ? el("span", { class: "tag" }, "VIRTUAL") : null,
    ),
    el("td", { "data-label": "Benchmark" }, plain([row.benchmark, row.mode].filter(Boolean).join(" · "), 80)),
    el("td", { "data-label": "Score ± U", class: "number" }, opens ? score : ""),
    el(
      "td",
      { "data-label": "Verdict" },
      el("span", { class: `verdict ${kind}` }, SIGNS[kind] + word),
      row.problem ? el("div", { class: "quiet" }, plain(row.problem, 300)) : null,
    ),
    el("td", { "data-label": "Bench" }, plain(row.bench ?? "", 80)),
    el("td", { "data-label": "When" }, time(row) ? when(time(row)) : ""),
    el("td", { "data-label": "Documents" }, documents),
  );
  return one.element;
}

const value = {
  name: (one) => String(one.row.name ?? ""),
  benchmark: (one) => `${one.row.benchmark ?? ""} ${one.row.mode ?? ""}`,
  score: (one) => one.row.score_j ?? null,
  verdict: (one) => one.word,
  bench: (one) => String(one.row.bench ?? ""),
  when: (one) => time(one.row),
};

function arranged() {
  const words = byId("text").value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = FILTERS.map((name) => [name, byId(name).value]).filter(([, chosen]) => chosen);
  const seen = state.rows.filter(
    (one) =>
      words.every((word) => one.text.includes(word)) &&
      wanted.every(([name, chosen]) => (name === "verdict" ? one.word : String(one.row[name] ?? "")) === chosen),
  );
  const of = value[state.sort],
    turn = state.down ? -1 : 1;
  return seen.sort((a, b) => {
    const [x, y] = [of(a), of(b)];
    if (x === null || y === null) return (x === null) - (y === null); // no score: at the end, whatever the order
    return turn * (typeof x === "number" ? x - y : x.localeCompare(y, "en", { numeric: true }));
  });
}

function show() {
  const seen = arranged(),
    shown = seen.slice(0, MOST_ROWS);
  byId("rows").replaceChildren(...shown.map(built));
  const all = state.rows.length,
    more = seen.length - shown.length;
  byId("count").textContent =
    (seen.length === all ? count(all, "session") : `${seen.length} of ${count(all, "session")}`) +
    (more ? `; the first ${shown.length} are shown: narrow the search` : "");
  for (const head of document.querySelectorAll("#list th[data-column]")) {
    const here = head.dataset.column === state.sort;
    if (here) head.setAttribute("aria-sort", state.down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
  const parts = new URLSearchParams(FILTERS.map((name) => [name, byId(name).value]).filter(([, v]) => v));
  if (byId("text").value) parts.set("text", byId("text").value);
  if (state.sort !== "when" || !state.down) parts.set("sort", (state.down ? "-" : "") + state.sort);
  history.replaceState(null, "", parts.size ? "#" + parts : location.pathname + location.search);
}

function choose(key, on) {
  if (on) state.chosen.add(key);
  else state.chosen.delete(key);
  const number = state.chosen.size;
  byId("compare").disabled = number < 2;
  byId("compare").textContent = number < 2 ? "Compare" : `Compare ${number} sessions`;
  byId("chosen").textContent =
    number === 0
      ? "Tick two or more sessions to compare them."
      : number === 1
        ? "One is chosen; tick another one."
        : "";
}

function table() {
  const heads = COLUMNS.map(([name, text, kind]) =>
    el(
      "th",
      { scope: "col", class: kind ?? null, data: name ? { column: name } : {} },
      name ? el("button", { type: "button", class: "sort", on: { click: () => sortBy(name) } }, text) : text,
    ),
  );
  fill(
    byId("list"),
    el(
      "table",
      {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, el("span", { class: "unseen" }, "Compare")), heads)),
      el("tbody", { id: "rows" }),
    ),
  );
}

function sortBy(name) {
  [state.down, state.sort] = [state.sort === name ? !state.down : name === "when", name];
  show();
  announce(`Sorted by ${name}, ${state.down ? "descending" : "ascending"}.`);
}

function options() {
  for (const name of FILTERS) {
    const of = (one) => (name === "verdict" ? one.word : (one.row[name] ?? ""));
    const found = [...new Set(state.rows.map(of))].filter(Boolean).map(String).sort(),
      chosen = byId(name).value;
    fill(
      byId(name),
      el("option", { value: "" }, "all"),
      found.map((v) => el("option", { value: v }, plain(v, 60))),
    );
    byId(name).value = found.includes(chosen) ? chosen : "";
    byId(name).parentElement.hidden = found.length < 2;
  }
}

/** Up and down go from row to row in the column that has the focus; a slash goes to the search. */
function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const here = document.activeElement;
  if (event.key === "/" && !here.matches("input[type=search], select")) {
    event.preventDefault();
    return byId("text").focus();
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const row = here.closest?.("#rows tr");
  if (!row && !(here === byId("text") && event.key === "ArrowDown")) return;
  const next = row
    ? event.key === "ArrowDown"
      ? row.nextElementSibling
      : row.previousElementSibling
    : byId("rows").firstElementChild;
  const goal = here.matches("input[type=checkbox]")
    ? next?.querySelector("input")
    : (next?.querySelector("a") ?? next?.querySelector("input"));
  event.preventDefault();
  (goal ?? (row && event.key === "ArrowUp" ? byId("text") : null))?.focus();
}

async function load() {
  byId("count").textContent = "reading the folder …";
  try {
    const found = await listing();
    state.rows = (found.sessions ?? []).map(prepared);
    const problems = (found.problems ?? []).map((text) => el("li", {}, plain(text, 400)));
    fill(
      byId("problems"),
      problems.length
        ? el(
            "div",
            { class: "band problem", role: "note" },
            el("strong", {}, "Not everything here can be read."),
            el("ul", {}, problems.slice(0, 20)),
          )
        : null,
    );
    options();
    show();
    const sweeps = (found.sweeps ?? []).length;
    byId("sweeps-section").hidden = byId("to-sweeps").hidden = !sweeps;
    byId("to-sweeps").textContent = `To ${count(sweeps, "sweep")} ↓`;
    fillSweeps(byId("sweeps"), found.sweeps ?? [], sessionPage);
    if (!state.rows.length)
      byId("count").textContent = "No sessions here. Try: energy-runner demo, which makes a first one.";
  } catch (failure) {
    byId("count").textContent = "";
    fill(byId("problems"), el("div", { class: "band bad", role: "alert" }, plain(failure.message)));
  }
}

const given = new URLSearchParams(location.hash.slice(1));
byId("text").value = given.get("text") ?? "";
for (const name of FILTERS)
  if (given.get(name)) fill(byId(name), el("option", { value: given.get(name) }, plain(given.get(name), 60)));
const sort = given.get("sort")?.replace(/^-/, "");
if (sort in value) Object.assign(state, { sort, down: given.get("sort").startsWith("-") });
table();
byId("filters").addEventListener("input", debounced(show, 60));
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("filters").addEventListener("reset", () => setTimeout(show));
byId("reload").addEventListener("click", load);
byId("to-sweeps").addEventListener("click", () => {
  byId("sweeps-section").scrollIntoView();
  byId("sweeps-section").focus({ preventScroll: true });
});
byId("compare").addEventListener("click", () => {
  location.href = "compare.html?" + [...state.chosen].map((key) => "s=" + encodeURIComponent(key)).join("&");
});
document.addEventListener("keydown", keys);
load();
