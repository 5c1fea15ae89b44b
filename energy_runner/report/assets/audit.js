/* SPDX-License-Identifier: Apache-2.0 */
"use strict";
// Filters and sorts the sessions of an audit. It makes no requests; without it the page shows all of them.
(function () {
  const form = document.getElementById("filters"), flat = document.getElementById("flat");
  const rows = Array.from(document.querySelectorAll("details.row"));
  const homes = new Map(rows.map((row) => [row, row.parentNode]));
  const groups = Array.from(document.querySelectorAll(".group"));
  const buttons = Array.from(form.querySelectorAll("button[data-state]"));
  const selects = Array.from(form.querySelectorAll("select[data-key]"));
  const text = document.getElementById("f-text"), order = document.getElementById("f-order");
  const texts = new Map(); // what is searched of a row, made when it is first asked for
  let ordered = "";

  function words(row) {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row);
  }

  function apply() {
    const states = new Set(buttons.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.state));
    const asked = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = selects.filter((select) => select.value !== "*").map((select) => [select.dataset.key, select.value]);
    let shown = 0;
    for (const row of rows) {
      const fits = (!states.size || states.has(row.dataset.state)) &&
        chosen.every(([key, value]) => (row.dataset[key] || "") === value) &&
        (!asked.length || asked.every((word) => words(row).includes(word)));
      row.hidden = !fits;
      shown += fits;
    }
    arrange();
    for (const group of groups) group.hidden = !group.querySelector("details.row:not([hidden])");
    document.getElementById("none").hidden = shown > 0;
    document.getElementById("f-count").textContent =
      shown === rows.length ? rows.length + " sessions" : shown + " of " + rows.length + " sessions";
    remember(states, asked, chosen);
  }

  function arrange() {
    if (order.value === ordered) return;
    ordered = order.value;
    if (!ordered) {
      for (const row of rows) homes.get(row).append(row);
      return;
    }
    const number = (row, key) => Number(row.dataset[key]);
    const sorted = rows.map((row, index) => [row, index]).sort(([a, i], [b, j]) =>
      (ordered === "state" ? number(a, "rank") - number(b, "rank") : 0) || number(b, "size") - number(a, "size") || i - j);
    flat.append(...sorted.map(([row]) => row));
  }

  // The address keeps what is chosen, so that a link shows the same.
  function remember(states, asked, chosen) {
    const said = new URLSearchParams(chosen);
    if (states.size) said.set("state", Array.from(states).join(" "));
    if (asked.length) said.set("text", asked.join(" "));
    if (order.value) said.set("order", order.value);
    try {
      history.replaceState(null, "", said.size ? "#?" + said : location.pathname + location.search);
    } catch {
      // A browser that keeps no addresses for files: the page works all the same.
    }
  }

  function recall() {
    if (!location.hash.startsWith("#?")) return;
    const said = new URLSearchParams(location.hash.slice(2));
    const has = (select, value) => Array.from(select.options).some((option) => option.value === value);
    for (const select of selects) {
      const value = said.get(select.dataset.key);
      if (value !== null && has(select, value)) select.value = value;
    }
    const states = (said.get("state") || "").split(" ");
    for (const button of buttons) button.setAttribute("aria-pressed", String(states.includes(button.dataset.state)));
    text.value = said.get("text") || "";
    if (has(order, said.get("order") || "")) order.value = said.get("order") || "";
    apply();
  }

  function clear() {
    for (const button of buttons) button.setAttribute("aria-pressed", "false");
    for (const select of selects) select.value = "*";
    text.value = order.value = "";
  }

  for (const button of buttons) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      apply();
    });
  }
  for (const link of document.querySelectorAll("#matrix td a")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      clear();
      for (const select of selects) {
        if (select.dataset.key in link.dataset) select.value = link.dataset[select.dataset.key];
      }
      apply();
      document.getElementById("sessions").scrollIntoView();
    });
  }
  let waiting = 0;
  text.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, 120);
  });
  form.addEventListener("change", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    clear();
    apply();
  });
  form.hidden = false;
  recall();
})();
