/* SPDX-License-Identifier: Apache-2.0 */
// Numbers and times as the report prints them: SI prefixes, thin spaces, no more digits than the uncertainty allows.

export const THIN = "\u202f",
  MINUS = "\u2212",
  DASH = "\u2013",
  DOT = "\u00b7";

const PREFIXES = [
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
  [1, ""],
  [1e-3, "m"],
  [1e-6, "µ"],
  [1e-9, "n"],
  [1e-12, "p"],
];
// Control, direction and zero-width characters: they could disguise a name. (U+202F, our thin space, is not one.)
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** Return text of a file or device as it may stand on the page: invisible characters as escapes, cut at `most`. */
export function plain(text, most = 600) {
  const given = String(text ?? "");
  const cut = given.length > most ? given.slice(0, most - 1) + "…" : given;
  return cut.replace(INVISIBLE, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}

/** Return decimal digits with thin spaces between thousands (from 10 000 on) and a true minus sign. */
export function grouped(text) {
  const sign = text.startsWith("-") ? MINUS : "";
  const [whole, rest] = text.replace(/^-/, "").split(".");
  const parts = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, THIN) : whole;
  return sign + parts + (rest === undefined ? "" : "." + rest);
}

/** Return a number with at most `digits` significant digits, a dash where it is unknown. */
export function number(value, digits = 6) {
  if (value === null || value === undefined || Number.isNaN(value)) return DASH;
  if (!Number.isFinite(value)) return (value < 0 ? MINUS : "") + "infinite";
  if (value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e12)) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
    return `${short}${THIN}×${THIN}10^${Number(exponent)}`.replaceAll("-", MINUS);
  }
  const decimals = Math.max(0, digits - 1 - exponentOf(value));
  const text = value.toFixed(Math.min(20, decimals));
  return grouped(text.includes(".") ? text.replace(/\.?0+$/, "") : text);
}

/** Return `{factor, unit}`: values times factor, in unit with its SI prefix, lie between 1 and 1000 at `most`. */
export function scaleFor(most, unit) {
  const size = Math.abs(most);
  if (unit === "°C" || unit === "%" || !unit) return { factor: 1, unit: unit || "" };
  for (const [one, prefix] of PREFIXES) {
    if (size >= one * 0.9995) return { factor: 1 / one, unit: prefix + unit };
  }
  return { factor: size ? 1e12 : 1, unit: size ? "p" + unit : unit };
}

/** Return a quantity with the SI prefix that keeps its number between 1 and 1000. */
export function prefixed(value, unit, digits = 4) {
  if (value === null || value === undefined || Number.isNaN(value)) return DASH;
  const scale = scaleFor(value, unit);
  return number(value * scale.factor, digits) + THIN + scale.unit;
}

/** Return both rounded to two digits of the expanded uncertainty (GUM 7.2.6), as [value, U]. */
export function rounded(value, expanded) {
  if (!Number.isFinite(value) || !Number.isFinite(expanded)) return [number(value), number(expanded)];
  if (expanded <= 0) return [number(value), "0"];
  // Rounded once to find the place: 0.0996 becomes 0.10, whose last digit is one place further up.
  const place = Number(expanded.toExponential(1).split("e")[1]) - 1;
  return [toPlace(value, place), toPlace(expanded, place)];
}

/** Return "1.234 ± 0.020 µJ"; `unit` alone chooses the prefix, `fixed` = [factor, unit] sets it. */
export function withU(value, expanded, unit, fixed = null) {
  if (value === null || value === undefined) return DASH;
  const scale = fixed ? { factor: fixed[0], unit: fixed[1] } : scaleFor(value, unit);
  if (expanded === null || expanded === undefined) return `${number(value * scale.factor)}${THIN}${scale.unit}`;
  const [shown, limit] = rounded(value * scale.factor, expanded * scale.factor);
  return `${shown} ± ${limit}${THIN}${scale.unit}`;
}

export const MICROJOULES = [1e6, "µJ"];

/** Return a length of time in words: 12.3 µs, 1.5 s, 2 min 05 s, 3 h 10 min. */
export function duration(seconds, digits = 4) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return DASH;
  if (Math.abs(seconds) < 120) return prefixed(seconds, "s", digits);
  const whole = Math.round(Math.abs(seconds)),
    sign = seconds < 0 ? MINUS : "";
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (h) return `${sign}${h}${THIN}h ${String(m).padStart(2, "0")}${THIN}min`;
  return `${sign}${m}${THIN}min ${String(s).padStart(2, "0")}${THIN}s`;
}

/** Return a moment of the trace as exactly as the period of the samples makes sense of, in seconds. */
export function moment(seconds, period) {
  const decimals = Math.min(12, Math.max(0, Math.ceil(-Math.log10(period)) + 1));
  const [whole, rest = ""] = seconds.toFixed(decimals).split(".");
  const tail = rest.replace(/0+$/, "").replace(/\B(?=(\d{3})+$)/g, "");
  return grouped(whole) + (tail ? "." + tail.replace(/(\d{3})(?=\d)/g, `$1${THIN}`) : "") + THIN + "s";
}

/** Return a length of time to the last digit that its samples have; a long one in words, too. */
export function exactly(seconds, period) {
  if (!Number.isFinite(seconds) || Math.abs(seconds) < 1) return duration(seconds, 7);
  const words = Math.abs(seconds) < 120 ? "" : ` (${duration(seconds)})`;
  return moment(seconds, period) + words;
}

/** Return a moment of the wall clock, UTC, with as many decimals as asked; `ns` is a BigInt since 1970. */
export function wallClock(ns, decimals = 3, date = true) {
  const negative = ns < 0n ? 1n : 0n;
  const seconds = ns / 1000000000n - (negative && ns % 1000000000n ? 1n : 0n);
  const text = new Date(Number(seconds) * 1000).toISOString();
  const part = String(ns - seconds * 1000000000n)
    .padStart(9, "0")
    .slice(0, Math.min(9, decimals));
  const clock = text.slice(11, 19) + (part ? "." + part : "");
  return date ? `${text.slice(0, 10)} ${clock}${THIN}UTC` : clock;
}

/** Return "2026-01-02 03:04 UTC" of an ISO time; what is no time is shown as it came. */
export function when(text, seconds = false) {
  const found = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)?/.exec(text ?? "");
  if (!found) return plain(text ?? DASH, 40) || DASH;
  const zone = /(Z|\+00:00)$/.test(text) ? THIN + "UTC" : "";
  return `${found[1]} ${found[2]}${seconds ? (found[3] ?? "") : ""}${zone}`;
}

/** Return "1 window", "3 windows". */
export function count(n, one, many = one + "s") {
  return `${number(n, 12)} ${n === 1 ? one : many}`;
}

function exponentOf(value) {
  return value ? Math.floor(Math.log10(Math.abs(value)) + 1e-12) : 0;
}

// Ties go to the even digit, and 0.125 is rounded as it is written and not as it is stored: as in the report.
function toPlace(value, place) {
  const [mantissa, exponent] = Math.abs(value).toExponential().split("e"),
    digits = mantissa.replace(".", "");
  const drop = place - (Number(exponent) - digits.length + 1); // so many of the digits go
  let kept = BigInt(digits);
  if (drop > 0) {
    const unit = 10n ** BigInt(drop),
      rest = kept % unit;
    kept /= unit;
    if (2n * rest > unit || (2n * rest === unit && kept % 2n === 1n)) kept += 1n;
  } else kept *= 10n ** BigInt(-drop);
  const whole = place > 0 ? String(kept * 10n ** BigInt(place)) : String(kept).padStart(1 - place, "0");
  const text = place < 0 ? `${whole.slice(0, place)}.${whole.slice(place)}` : whole;
  return grouped(value < 0 && kept ? "-" + text : text);
}
