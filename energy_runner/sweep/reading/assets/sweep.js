/* SPDX-License-Identifier: Apache-2.0 */
"use strict";
// Draws the figures of a sweep from the data embedded in the page. It makes no requests. Until it has drawn, and on
// paper, the still pictures stand in their place.
(async function () {
  const block = document.getElementById("plot-data"), packed = document.getElementById("plot-library");
  if (!block || !packed || !window.DecompressionStream) return;
  const figures = JSON.parse(block.textContent);
  const raw = Uint8Array.from(atob(packed.textContent), (sign) => sign.charCodeAt(0));
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text(); // the page's policy allows it by its hash
  document.head.append(script);
  if (!window.Plotly) return;
  document.documentElement.classList.add("live");

  const names = ["text", "grid", "line", "edge", "loss"];
  function colours() {
    const style = getComputedStyle(document.documentElement);
    const found = Object.fromEntries(names.map((name) => [name, style.getPropertyValue("--plot-" + name).trim()]));
    found.card = style.getPropertyValue("--card").trim();
    return found;
  }

  // A colour that begins with @ is the page's own; nothing else that is one of these words can be in the data.
  function coloured(value, c) {
    if (Array.isArray(value)) return value.map((one) => coloured(one, c));
    if (value && typeof value === "object") {
      return Object.fromEntries(
        Object.entries(value).map(([key, one]) => [
          key,
          key === "color" && typeof one === "string" && one.startsWith("@") ? c[one.slice(1)] : coloured(one, c),
        ])
      );
    }
    return value;
  }

  function layout(figure, c) {
    const l = coloured(figure.layout, c);
    const axis = { gridcolor: c.grid, linecolor: c.grid, zeroline: false, automargin: true };
    for (const key of Object.keys(l)) {
      if (/^[xy]axis/.test(key)) l[key] = Object.assign({}, axis, l[key]);
    }
    const legend = { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom", font: { size: 11.5 } };
    return Object.assign(
      {
        autosize: true,
        margin: { l: 60, r: 16, t: 40, b: 50 },
        paper_bgcolor: "rgba(0,0,0,0)",
        plot_bgcolor: "rgba(0,0,0,0)",
        font: { family: "system-ui, sans-serif", size: 12.5, color: c.text },
        hovermode: "closest",
        hoverlabel: { align: "left" },
        legend: legend,
        modebar: { bgcolor: "rgba(0,0,0,0)", color: c.text, activecolor: c.line },
      },
      l
    );
  }

  function draw() {
    const c = colours();
    for (const figure of figures) {
      const div = document.getElementById(figure.id);
      const config = {
        responsive: true,
        displaylogo: false,
        doubleClick: "reset",
        // Only these: the library's default set has a button that uploads the data to a server.
        modeBarButtons: [["toImage"], ["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", "resetScale2d"]],
        plotlyServerURL: "",
        toImageButtonOptions: { format: "svg", filename: figure.name },
      };
      if (div) Plotly.react(div, coloured(figure.traces, c), layout(figure, c), config);
    }
  }
  draw();
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
