/* SPDX-License-Identifier: Apache-2.0 */
// The top of a session's page: score, bands, what was measured with what. The same words and classes as the report.

import { byId, el, fill, pair } from "./dom.js";
import { ofSession } from "./api.js";
import { DASH, DOT, duration, plain, prefixed, when } from "./words.js";

const VIRTUAL = "VIRTUAL BENCH \u2013 simulated, not a measurement of hardware";
const MOST_REASONS = 3; // the table of rules has the rest
const SUPPLY_ON = "THE SUPPLY MAY STILL BE ON: switching it off was not confirmed. Try: energy-runner bench off";

/** Return the band that says that a session is simulated. */
export function virtualBand(more = "") {
  return el("div", { class: "band virtual", role: "note" }, el("span", {}, el("strong", {}, VIRTUAL), more));
}

/** Return a verdict in words with its class; a session without a result is neither valid nor not. */
export function verdict(row) {
  if (row.valid === true) return ["valid", "pass"];
  if (row.valid === false) return ["not valid", "fail"];
  if (row.running) return ["running", "info"];
  if (row.problem) return ["cannot be read", "fail"];
  return ["not analysed", "info"];
}

export const SIGNS = { pass: "\u2713 ", fail: "\u2717 ", info: "\u2022 " };

/** Return the name of a session as it stands on pages and in file names. */
export const nameOf = (meta, key = "") => meta.name ?? meta.folder ?? meta.session_id ?? key;

// A score is a sentence, "586.7 µJ per inference ± 4.2 µJ"; only thin spaces are within its first part.
function scoreOf(meta) {
  const text = Array.isArray(meta.score) ? meta.score.join(" ") : meta.score;
  if (!text) return null;
  const cut = text.indexOf(" ");
  return cut < 0 ? [text, ""] : [text.slice(0, cut), text.slice(cut + 1)];
}

export function fillHead(meta, key) {
  const title =
    [meta.benchmark, meta.task, meta.mode]
      .filter(Boolean)
      .map((t) => plain(t, 80))
      .join(` ${DOT} `) || "Session";
  document.title = `${title} ${DASH} ${plain(nameOf(meta, key), 60)}`;
  const score = scoreOf(meta);
  const line = score
    ? el(
        "p",
        { class: meta.valid === false ? "score doubtful" : "score" },
        el("span", { class: "value" }, plain(score[0], 200)),
        " ",
        el("span", { class: "of" }, plain(score[1], 400)),
      )
    : el("p", { class: "score none" }, meta.outcome === "running" ? "No score yet" : "No score");
  fill(byId("headline"), el("h1", {}, title), line);
  fill(byId("bands"), bands(meta, score));
  fill(
    byId("identity"),
    el(
      "dl",
      {},
      identity(meta, key)
        .filter(([, said]) => said)
        .map(([term, said]) => pair(term, said)),
    ),
  );
}

function identity(meta, key) {
  const links = meta.links ?? {},
    at = meta.time_zero
      ? `${plain(meta.time_zero, 200)}${meta.u_zero_s ? ` (± ${duration(meta.u_zero_s, 2)})` : ""}`
      : "";
  return [
    [
      "Date",
      meta.started_utc && when(meta.started_utc, true) + (meta.virtual ? " by the simulation's clock" : ""),
    ],
    ["Bench", plain(meta.bench ?? "", 200)],
    ["Instruments", (meta.instruments ?? []).map(instrument).filter(Boolean).join("; ")],
    ["Session", plain(meta.session_id ?? key, 200)],
    ["Folder", meta.folder && meta.folder !== meta.session_id ? plain(meta.folder, 200) : ""],
    ["Software", plain(meta.software ?? "", 200)],
    [
      "Trace",
      meta.length
        ? `${duration(meta.length * meta.period_s)}, one sample each ${prefixed(meta.period_s, "s")}`
        : "none",
    ],
    ["Time 0", at],
    ["Ended", plain(meta.ended ?? "", 400)],
    ["Report", links.report && el("a", { href: ofSession(key, "/report") }, "open the report")],
    [
      "Certificate",
      links.certificate && el("a", { href: ofSession(key, "/certificate") }, "open the certificate"),
    ],
  ];
}

function instrument(one) {
  if (typeof one === "string") return plain(one, 200);
  const made = [one.make, one.model, one.serial, one.firmware && `firmware ${one.firmware}`]
    .filter(Boolean)
    .join(" ");
  return plain(made || one.name || "", 200);
}

function bands(meta, score) {
  const made = [];
  if (meta.supply_off === false)
    made.push(el("div", { class: "band bad", role: "alert" }, el("strong", {}, SUPPLY_ON)));
  const failed = (meta.verdicts ?? []).filter((v) => v.binding && !v.passed);
  const reasons = failed
    .slice(0, MOST_REASONS)
    .map((v) => el("li", {}, el("strong", {}, plain(v.id ?? "", 80)), `: ${plain(found(v), 400)}`));
  if (failed.length > MOST_REASONS)
    reasons.push(el("li", {}, `and ${failed.length - MOST_REASONS} more, in the table of rules below`));
  if (meta.valid === true)
    made.push(el("div", { class: "band good", role: "status" }, el("strong", {}, "VALID"), said(meta.why)));
  else if (meta.valid === false) {
    made.push(
      el(
        "div",
        { class: "band bad", role: "status" },
        el("strong", {}, "NOT VALID"),
        said(meta.why),
        score ? " The figure above is shown for diagnosis; it is not a result." : "",
        reasons.length ? el("ul", {}, reasons) : null,
      ),
    );
  } else if (meta.outcome === "running")
    made.push(
      el(
        "div",
        { class: "band problem", role: "status" },
        el("strong", {}, "RUNNING"),
        " – the trace grows while you look.",
      ),
    );
  else
    made.push(
      el("div", { class: "band problem", role: "status" }, el("strong", {}, "NOT ANALYSED"), said(meta.why)),
    );
  if (meta.virtual) made.push(virtualBand());
  const problems = (meta.problems ?? []).map((text) => el("li", {}, plain(text, 600)));
  if (problems.length) {
    made.push(
      el(
        "div",
        { class: "band problem", role: "note" },
        el(
          "details",
          { open: problems.length <= 2 },
          el(
            "summary",
            {},
            el("strong", {}, "Not all of this session can be shown"),
            `: ${problems.length === 1 ? "one thing is" : `${problems.length} things are`} missing.`,
          ),
          el("ul", {}, problems),
        ),
      ),
    );
  }
  return made;
}

const said = (text) => (text ? ` ${DASH} ${plain(text, 600).replace(/\.$/, "")}.` : "");
const found = (v) =>
  v.text || [v.measured, v.limit && `limit ${v.limit}`].filter(Boolean).join("; ") || v.note || "";

function judged(v) {
  if (v.passed) return ["pass", "\u2713 passed"];
  if (v.binding) return ["fail", "\u2717 failed"];
  return ["info", v.known === false ? "? not known" : "! informs only"];
}

/** Fill the table of rules as the report has it, failed ones first, and the list of findings. */
export function fillVerdicts(meta, place) {
  const rows = (meta.verdicts ?? []).map((v) => {
    const [kind, words] = judged(v);
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, plain(v.id ?? "", 80)),
      el("td", { "data-label": "Verdict" }, el("span", { class: `verdict ${kind}` }, words)),
      el("td", { "data-label": "Measured" }, plain(v.measured ?? "", 200)),
      el("td", { "data-label": "Limit" }, plain(v.limit ?? "", 200)),
      el(
        "td",
        { "data-label": "Clause" },
        plain(v.clause ?? "", 600),
        v.note ? el("div", { class: "quiet" }, plain(v.note, 600)) : null,
      ),
    );
  });
  const head = ["Rule", "Verdict", "Measured", "Limit", "Clause"].map((t) => el("th", { scope: "col" }, t));
  const findings = (meta.findings ?? []).map((f) =>
    el(
      "li",
      {},
      typeof f === "string"
        ? plain(f)
        : [
            el("strong", {}, plain(f.id ?? "", 80)),
            `${Number.isFinite(f.window) ? `, window ${f.window + 1}` : ""}: ${plain(f.detail ?? "", 600)}`,
          ],
    ),
  );
  fill(
    place,
    rows.length
      ? el(
          "div",
          { class: "cards scroll" },
          el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows)),
        )
      : el("p", { class: "quiet" }, "No rule was checked."),
    el("h3", {}, "Findings"),
    findings.length
      ? el("ul", { class: "plain" }, findings)
      : el("p", { class: "quiet" }, "Nothing unusual was noticed."),
  );
}
