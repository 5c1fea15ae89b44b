/* SPDX-License-Identifier: Apache-2.0 */
"use strict";
// Draws the control chart from the data embedded in the page. It makes no requests. Until it has drawn, and on
// paper, the still picture stands in its place.
(async function () {
  const block = document.getElementById("plot-data"), packed = document.getElementById("plot-library");
  const place = document.getElementById("plot-chart");
  if (!block || !packed || !place || !window.DecompressionStream) return;
  const figure = JSON.parse(block.textContent);
  const raw = Uint8Array.from(atob(packed.textContent), (sign) => sign.charCodeAt(0));
  const stream = new Blob([raw]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = document.createElement("script");
  script.textContent = await new Response(stream).text(); // the page's policy allows it by its hash
  document.head.append(script);
  if (!window.Plotly) return;
  document.documentElement.classList.add("live");

  // A colour that begins with @ is the page's own, by day and by night.
  function coloured(value, colours) {
    if (Array.isArray(value)) return value.map((one) => coloured(one, colours));
    if (value && typeof value === "object") {
      return Object.fromEntries(
        Object.entries(value).map(([key, one]) => [
          key,
          /color$/.test(key) && typeof one === "string" && one[0] === "@" ? colours[one.slice(1)] : coloured(one, colours),
        ])
      );
    }
    return value;
  }

  function draw() {
    const style = getComputedStyle(document.documentElement);
    const names = ["text", "grid", "line", "band", "edge", "loss"];
    const c = Object.fromEntries(names.map((name) => [name, style.getPropertyValue("--plot-" + name).trim()]));
    c.good = style.getPropertyValue("--good").trim();
    c.card = style.getPropertyValue("--card").trim();
    const layout = coloured(figure.layout, c);
    for (const key of Object.keys(layout)) {
      if (/^[xy]axis/.test(key)) {
        layout[key] = Object.assign({ gridcolor: c.grid, linecolor: c.grid, zeroline: false }, layout[key]);
      }
    }
    const common = {
      autosize: true,
      margin: { l: 70, r: 16, t: 40, b: 50 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, sans-serif", size: 12.5, color: c.text },
      hovermode: "closest",
      hoverlabel: { align: "left" },
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.01, yanchor: "bottom" },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: c.text, activecolor: c.line },
    };
    const config = {
      responsive: true,
      displaylogo: false,
      doubleClick: "reset",
      // Only these: the library's default set has a button that uploads the data to a server.
      modeBarButtons: [["toImage"], ["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", "resetScale2d"]],
      plotlyServerURL: "",
      toImageButtonOptions: { format: "svg", filename: "control-chart" },
    };
    window.Plotly.react(place, coloured(figure.traces, c), Object.assign(common, layout), config);
  }
  draw();
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
