/* SPDX-License-Identifier: Apache-2.0 */
// Ticks of the axes: round numbers, and for times as many digits as the zoom needs, above a common beginning.

import { THIN, grouped, scaleFor, wallClock } from "./words.js";

const SECOND = 1000000000n; // ns
const CLOCK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

/** Return the round step (1, 2 or 5 times a power of ten) that gives at most `most` ticks. */
export function niceStep(span, most) {
  const rough = span / Math.max(1, most),
    power = 10 ** Math.floor(Math.log10(rough));
  for (const times of [1, 2, 5]) if (times * power >= rough * 0.9999) return times * power;
  return 10 * power;
}

function multiples(low, high, step) {
  const at = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9 && at.length < 200; k++)
    at.push(k * step);
  return at;
}

const decimalsOf = (step) => Math.min(20, Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));

/** Return `{ticks: [{at, text}], unit}` of an axis of values. */
export function valueTicks(low, high, unit, most) {
  const scale = scaleFor(Math.max(Math.abs(low), Math.abs(high)), unit);
  const step = niceStep((high - low) * scale.factor, most),
    decimals = decimalsOf(step);
  const ticks = multiples(low * scale.factor, high * scale.factor, step).map((value) => ({
    at: value / scale.factor,
    text: grouped((value === 0 ? 0 : value).toFixed(decimals)),
  }));
  return { ticks, unit: scale.unit };
}

/** Return the ticks of a logarithmic axis: each decade, and 2 and 5 in it where there is room. */
export function logTicks(low, high, unit, most) {
  const decades = Math.log10(high / low),
    steps = decades * 3 <= most ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil(decades / most));
  const scale = scaleFor(high, unit),
    ticks = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) {
    if (e % every) continue;
    for (const times of steps) {
      const at = times * 10 ** e;
      if (at >= low * 0.999 && at <= high * 1.001) {
        const shown = at * scale.factor;
        ticks.push({
          at,
          text: shown >= 0.001 ? grouped(String(Number(shown.toPrecision(2)))) : shown.toExponential(0),
        });
      }
    }
  }
  return { ticks, unit: scale.unit };
}

/** Widen a range of values to round ends, so that an axis moves in steps and not with every column. */
export function niceRange(low, high, fromZero) {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  if (fromZero) [low, high] = [Math.min(0, low), Math.max(0, high)];
  if (high - low < Math.max(Math.abs(high), 1e-15) * 1e-6) {
    const room = Math.abs(high) * 0.05 || 1e-9;
    [low, high] = [fromZero && low >= 0 ? 0 : low - room, high + room];
  }
  const room = (high - low) * 0.04,
    step = niceStep(high - low, 20);
  const bottom = fromZero && low >= 0 ? 0 : Math.floor((low - room) / step) * step;
  return [bottom, Math.ceil((high + room) / step) * step];
}

/**
 * Return `{ticks: [{at, text}], base, unit}` of an axis of time; `at` is trace time.
 *
 * `zero` is the trace time that the axis calls 0; `utcAtZero` (BigInt ns) makes it a wall clock instead. Where the
 * labels would need more than seven digits, `base` holds what they have in common.
 */
export function timeTicks(start, stop, most, zero = 0, utcAtZero = null) {
  if (utcAtZero !== null) return clockTicks(start, stop, most, utcAtZero);
  const span = stop - start,
    step = niceStep(span, most);
  const least = Math.max(Math.abs(start - zero), Math.abs(stop - zero));
  if (least / step < 1e6) {
    const scale = least < 0.9 ? scaleFor(least, "s") : { factor: 1, unit: "s" };
    const decimals = decimalsOf(step * scale.factor);
    const ticks = multiples(start - zero, stop - zero, step);
    return {
      ticks: ticks.map((t) => ({ at: t + zero, text: grouped((t * scale.factor || 0).toFixed(decimals)) })),
      base: "",
      unit: scale.unit,
    };
  }
  const common = 10 ** Math.ceil(Math.log10(span) + 1e-9),
    base = Math.floor((start - zero) / common) * common;
  const scale = scaleFor(stop - zero - base, "s"),
    decimals = decimalsOf(step * scale.factor);
  const ticks = multiples(start - zero - base, stop - zero - base, step);
  return {
    ticks: ticks.map((t) => ({ at: t + base + zero, text: grouped((t * scale.factor || 0).toFixed(decimals)) })),
    base: `${grouped(base.toFixed(decimalsOf(common)))}${THIN}s +`,
    unit: scale.unit,
  };
}

function clockTicks(start, stop, most, utcAtZero) {
  const span = stop - start,
    rough = span / Math.max(1, most);
  const step =
    rough > 0.7
      ? (CLOCK_STEPS.find((s) => s >= rough) ?? niceStep(span / 86400, most) * 86400)
      : niceStep(span, most);
  const decimals = step >= 1 ? 0 : decimalsOf(step);
  // The whole seconds of the wall clock stay integers; only what lies in the view is a float.
  const from = utcAtZero + BigInt(Math.floor(start)) * 1000000000n,
    second = from / 1000000000n;
  const into = Number(from - second * 1000000000n) / 1e9,
    inDay = Number(second % 86400n);
  const offset = Math.floor(start) - into - inDay; // trace time of that day's midnight
  const first = utcAtZero + BigInt(Math.floor(start * 1e9)),
    base = decimals > 3 ? wallClock(first, 0, true).replace(/UTC$/, "UTC +") : "",
    day = wallClock(first, 0, true).slice(0, 10);
  let lastDay = day;
  const ticks = multiples(start - offset, stop - offset, step).map((inTheDay) => {
    const at = inTheDay + offset;
    const shown = (second - BigInt(inDay)) * 1000000000n + BigInt(Math.round(inTheDay * 1e9));
    if (base) {
      // Counted from the second that `base` names, also where the view reaches into the next one.
      const since = Number(shown - (first - (((first % SECOND) + SECOND) % SECOND)));
      return { at, text: grouped((since / 1e6).toFixed(Math.max(0, decimals - 3))) };
    }
    const text = wallClock(shown, decimals, false),
      thisDay = wallClock(shown, 0, true).slice(0, 10);
    const named = thisDay === lastDay ? text : `${thisDay.slice(5)} ${text}`; // the first one of another day says so
    lastDay = thisDay;
    return { at, text: named };
  });
  return { ticks, base: base || day, unit: base ? "ms" : "UTC" };
}
