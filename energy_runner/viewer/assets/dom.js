/* SPDX-License-Identifier: Apache-2.0 */
// Building of elements. Text only ever enters the page as text nodes: names in sessions may be hostile.

const SVG = "http://www.w3.org/2000/svg";

/** Return an element; `on` holds listeners, `data` the data attributes, false and null leave an attribute out. */
export function el(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** Return an element of SVG. */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [event, call] of Object.entries(value)) made.addEventListener(event, call);
    else if (name === "data") Object.assign(made.dataset, value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

export const byId = (id) => document.getElementById(id);

/** Put children in the place of what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== ""));
  return element;
}

/** Return a term and what it says, for a list of them. */
export function pair(term, ...said) {
  return el("div", {}, el("dt", {}, term), el("dd", {}, ...said));
}

/** Say something to a screen reader, politely; the same words twice are said twice. */
export function announce(text) {
  const place = byId("announce");
  if (place) place.textContent = place.textContent === text ? text + "\u00a0" : text;
}

/** Return a function that calls `call` once nothing has called it for `wait` milliseconds. */
export function debounced(call, wait) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...given), wait);
  };
}

/** Return a function that calls `call` at most once a frame. */
export function framed(call) {
  let asked = 0;
  return () => {
    if (!asked)
      asked = requestAnimationFrame((at) => {
        asked = 0;
        call(at);
      });
  };
}

export const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Offer bytes as a file of that name. */
export function download(blob, name) {
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** Return a name as it may stand in a file's name. */
export const fileName = (text) =>
  String(text)
    .replace(/[^\w.-]+/g, "_")
    .slice(0, 80) || "session";
