/* SPDX-License-Identifier: Apache-2.0 */
// Runs as they happen: one card a run, fed by the server's events. A lost connection is made again; until then the
// page says that it no longer knows, above all of the supply.

import { document_, write } from "./api.js";
import { announce, byId } from "./dom.js";
import { Card } from "./card.js";
import { plain } from "./words.js";

const AGAIN_MS = 1500,
  LONGEST_MS = 10000,
  SILENT_MS = 8000,
  IDLE_MS = 5000;
const cards = new Map();
window.live = { cards }; // for the tests
let control = false,
  wait = AGAIN_MS,
  heard = 0,
  source = null;

const options = {
  span: () => Number(byId("span").value),
  held: () => byId("hold").checked,
  stop: async (feed) => write("api/live/stop", "POST", { sure: true, feed }),
};

function card(feed) {
  const found = cards.get(feed.id);
  if (found) return found;
  const made = new Card(feed, options, control);
  cards.set(feed.id, made);
  byId("feeds").append(made.element);
  return made;
}

const actions = {
  snapshot: (event) => {
    // The first event may hold one feed or all of them.
    for (const feed of event.feeds ?? (event.feed && typeof event.feed === "object" ? [event.feed] : []))
      card(feed).snapshot(feed);
  },
  blocks: (event) => cards.get(event.feed)?.blocks(event),
  lines: (event) => cards.get(event.feed)?.lines(event.lines ?? []),
  state: (event) => cards.get(event.feed)?.state(event),
  ended: (event) => cards.get(event.feed)?.ended(event),
  gone: (event) => {
    cards.get(event.feed)?.element.remove();
    cards.delete(event.feed);
  },
};

function take(message) {
  heard = performance.now();
  let event;
  try {
    event = JSON.parse(message.data);
  } catch {
    return; // half a line of a server that was killed
  }
  if (Object.hasOwn(actions, event.kind)) actions[event.kind](event);
  byId("none").hidden = cards.size > 0;
}

function connected(on, why = "") {
  byId("state").textContent = on ? "connected" : why;
  byId("state").classList.toggle("lost", !on);
  for (const one of cards.values()) one.connected(on);
}

async function connect() {
  try {
    const now = await document_("api/live");
    control = Boolean(now.control);
    for (const feed of now.feeds ?? []) card(feed).snapshot(feed);
    for (const one of cards.values()) one.control(control);
    byId("none").hidden = cards.size > 0;
  } catch (failure) {
    connected(false, `${plain(failure.message)} Trying again.`);
    return again();
  }
  source = new EventSource("api/live/events");
  source.onopen = () => {
    wait = AGAIN_MS;
    heard = performance.now();
    connected(true);
  };
  source.onmessage = take;
  source.onerror = () => {
    source.close();
    source = null;
    if (!cards.size) return idle(); // a viewer that follows no run ends the stream at once
    connected(false, "The connection was lost. What is shown may be old. Connecting again …");
    announce("The connection was lost.");
    again();
  };
}

function idle() {
  connected(true);
  byId("state").textContent = "";
  setTimeout(connect, IDLE_MS);
}

function again() {
  setTimeout(connect, wait);
  wait = Math.min(LONGEST_MS, wait * 1.6);
}

byId("span").addEventListener("change", () => {
  for (const one of cards.values()) one.draw();
});
byId("hold").addEventListener("change", () => {
  for (const one of cards.values()) one.draw();
});
setInterval(() => {
  // A server that is stopped, not gone, closes nothing: silence is not "still on".
  if (source && performance.now() - heard > SILENT_MS && [...cards.values()].some((one) => !one.outcome)) {
    byId("state").textContent = "Nothing has come for some seconds. What is shown may be old.";
    byId("state").classList.add("lost");
  } else if (source && byId("state").classList.contains("lost")) connected(true);
}, 1000);
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => {
  if (event.persisted) connect();
});
connect();
window.viewer = { cards }; // for the tests
