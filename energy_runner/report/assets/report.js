/* SPDX-License-Identifier: Apache-2.0 */
"use strict";
// Draws the two plots of a report from the data embedded in the page. It makes no requests. Until it has drawn, and
// on paper, the still pictures stand in their place.
(async function () {
  const block = document.getElementById("plot-data"), packed = document.getElementById("plot-library");
  if (!block || !packed || !window.DecompressionStream) return;
  const data = JSON.parse(block.textContent);
  await load(packed.textContent);

  // The page's policy allows the unpacked library by its hash, like a script that was written out.
  async function load(text) {
    const stream = new Blob([bytes(text)]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
  }
  const MOST = 2000; // points drawn at once; more samples are merged into buckets of minimum, mean and maximum
  const config = {
    responsive: true,
    displaylogo: false,
    doubleClick: "reset",
    // Only these: the library's default set has a button that uploads the data to a server.
    modeBarButtons: [["toImage"], ["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", "resetScale2d"]],
    plotlyServerURL: "",
    toImageButtonOptions: { format: "svg", filename: "power" },
  };

  function bytes(text) {
    const raw = atob(text);
    const out = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
    return out;
  }

  function floats(text) {
    return new Float32Array(bytes(text).buffer);
  }

  function unpacked(packed) {
    const mean = floats(packed.mean);
    return {
      first: packed.first,
      width: packed.width,
      mean: mean,
      low: packed.low ? floats(packed.low) : mean,
      high: packed.high ? floats(packed.high) : mean,
    };
  }

  // Merge the buckets of `level` that overlap samples [from, to) into at most `most`, keeping every extreme.
  function thinned(level, from, to, most) {
    const begin = Math.max(0, Math.floor((from - level.first) / level.width));
    const end = Math.min(level.mean.length, Math.ceil((to - level.first) / level.width) + 1);
    const step = Math.max(1, Math.ceil((end - begin) / most));
    const out = { at: [], low: [], high: [], mean: [], width: step * level.width };
    for (let i = begin; i < end; i += step) {
      let low = Infinity, high = -Infinity, sum = 0, count = 0;
      for (let k = i; k < Math.min(i + step, end); k++) {
        if (Number.isNaN(level.mean[k])) continue;
        low = Math.min(low, level.low[k]);
        high = Math.max(high, level.high[k]);
        sum += level.mean[k];
        count++;
      }
      out.at.push(level.first + i * level.width);
      out.low.push(count ? low : null);
      out.high.push(count ? high : null);
      out.mean.push(count ? sum / count : null);
    }
    return out;
  }

  function colours() {
    const style = getComputedStyle(document.documentElement);
    const names = ["text", "grid", "line", "band", "window", "edge", "loss", "range"];
    return Object.fromEntries(names.map((name) => [name, style.getPropertyValue("--plot-" + name).trim()]));
  }

  // Each run of buckets that hold samples becomes one closed outline, so that a gap stays a gap.
  function outline(points, x) {
    const xs = [], ys = [];
    let run = [];
    const close = () => {
      for (const i of run) { xs.push(x(i)); ys.push(points.high[i]); }
      for (const i of run.slice().reverse()) { xs.push(x(i)); ys.push(points.low[i]); }
      if (run.length) { xs.push(null); ys.push(null); }
      run = [];
    };
    for (let i = 0; i < points.at.length; i++) {
      if (points.mean[i] === null) close(); else run.push(i);
    }
    close();
    return { x: xs, y: ys };
  }

  function traces(points, toX, c) {
    const single = points.width === 1;
    const x = (i) => toX(points.at[i] + (single ? 0 : points.width / 2));
    const xs = points.at.map((_, i) => x(i));
    const line = {
      x: xs,
      y: points.mean,
      mode: "lines",
      line: { color: c.line, width: 1.3, shape: single ? "hv" : "linear" },
      hovertemplate: "%{y:.5~g}\u202fmW<extra></extra>",
    };
    if (single) return [line];
    line.customdata = points.low.map((low, i) => [low, points.high[i]]);
    line.hovertemplate =
      "mean %{y:.5~g}\u202fmW<br>min %{customdata[0]:.5~g}<br>max %{customdata[1]:.5~g}<extra></extra>";
    const band = outline(points, x);
    const fill = { fill: "toself", fillcolor: c.band, line: { width: 1, color: c.band }, mode: "lines", hoverinfo: "skip" };
    return [Object.assign(band, fill), line];
  }

  function marks(stretches, from, to, pixel, toX, colour) {
    const xs = [], ys = [];
    for (const [begin, end] of stretches) {
      if (end < from || begin > to) continue;
      const grow = Math.max(0, (pixel - (end - begin)) / 2); // even one lost sample must be visible
      const left = toX(begin - grow), right = toX(end + grow);
      xs.push(left, left, right, right, null);
      ys.push(0, 1, 1, 0, null);
    }
    const style = { fill: "toself", fillcolor: colour, line: { color: colour, width: 1 }, opacity: 0.55 };
    return Object.assign({ x: xs, y: ys, yaxis: "y2", mode: "lines", hoverinfo: "skip" }, style);
  }

  function layout(c, xTitle) {
    const axis = { gridcolor: c.grid, linecolor: c.grid, zeroline: false, automargin: true };
    return {
      autosize: true,
      margin: { l: 52, r: 14, t: 34, b: 46 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "system-ui, sans-serif", size: 12.5, color: c.text },
      showlegend: false,
      hovermode: "x",
      dragmode: "zoom",
      modebar: { bgcolor: "rgba(0,0,0,0)", color: c.text, activecolor: c.line },
      xaxis: Object.assign({ title: { text: xTitle } }, axis),
      yaxis: Object.assign({ title: { text: "power (mW)" }, autorange: true }, axis),
      yaxis2: { overlaying: "y", range: [0, 1], fixedrange: true, visible: false },
    };
  }

  function upright(x, colour, dash, width) {
    const line = { color: colour, width: width, dash: dash };
    return { type: "line", x0: x, x1: x, yref: "paper", y0: 0, y1: 1, layer: "above", line: line };
  }

  function shaded(x0, x1, label, c) {
    const text = { text: label, textposition: "top center", font: { color: c.text, size: 13 } };
    const box = { type: "rect", x0: x0, x1: x1, yref: "paper", y0: 0, y1: 1, layer: "below" };
    return Object.assign(box, { fillcolor: c.window, line: { width: 0 }, label: label ? text : {} });
  }

  function overviewPlot(div) {
    const overview = unpacked(data.overview), fine = unpacked(data.fine), whole = [0, data.samples * data.period];
    const seconds = (sample) => sample * data.period;
    let range = whole.slice(), height = null;

    function draw() {
      const c = colours(), all = range[0] <= whole[0] && range[1] >= whole[1];
      const from = Math.max(0, range[0] / data.period), to = Math.min(data.samples, range[1] / data.period);
      const points = all ? thinned(overview, 0, data.samples, 2 * MOST) : thinned(fine, from, to, MOST);
      const pixel = ((range[1] - range[0]) / data.period) / 600;
      const drawn = traces(points, seconds, c);
      drawn.push(marks(data.gaps, from, to, pixel, seconds, c.loss));
      drawn.push(marks(data.overRange, from, to, pixel, seconds, c.range));
      const l = layout(c, "time (s)");
      l.xaxis.range = range.slice();
      if (height && !all) Object.assign(l.yaxis, { range: height.slice(), autorange: false });
      else l.yaxis.rangemode = all ? "tozero" : "normal";
      l.shapes = data.windows.map((w) => shaded(w.start, w.stop, String(w.number), c));
      for (const w of data.windows) {
        l.shapes.push(upright(w.start, c.edge, "solid", 1.2), upright(w.stop, c.edge, "solid", 1.2));
      }
      for (const edge of data.edges) {
        if (!data.windows.some((w) => Math.min(Math.abs(w.start - edge), Math.abs(w.stop - edge)) < data.period)) {
          l.shapes.push(upright(edge, c.edge, "dot", 1));
        }
      }
      return Plotly.react(div, drawn, l, config);
    }

    function zoom(from, to) {
      range = [from, to];
      height = null;
      return draw();
    }

    const drawn = draw();
    div.on("plotly_relayout", (change) => {
      const moved = Object.keys(change).filter((key) => /^(x|y)axis\b/.test(key));
      if (!moved.length) return;
      const y = div.layout.yaxis;
      range = (div.layout.xaxis.range || whole).map(Number);
      height = moved.some((key) => key.startsWith("yaxis.range")) && y.range ? y.range.map(Number) : null;
      if (moved.includes("xaxis.autorange")) range = whole.slice();
      draw();
    });
    for (const button of document.querySelectorAll("button[data-from]")) {
      button.addEventListener("click", () => zoom(Number(button.dataset.from), Number(button.dataset.to)));
    }
    for (const bar of document.querySelectorAll(".zoom")) bar.hidden = false;
    return { draw: draw, done: drawn };
  }

  function detailPlot(div) {
    const detail = data.detail, power = unpacked(detail.power);
    const toX = (sample) => (sample * data.period - detail.start) * 1e3;
    const end = power.first + power.mean.length * power.width;

    function draw() {
      const c = colours(), l = layout(c, "time (ms)");
      l.xaxis.range = [toX(power.first), toX(end)];
      l.yaxis.rangemode = "tozero";
      l.shapes = [shaded(0, toX(end), "", c), upright(0, c.edge, "solid", 1.6)];
      for (let k = 1; k <= Math.min(detail.inferences, 60); k++) {
        l.shapes.push(upright(k * detail.inference * 1e3, c.edge, "dot", 1));
      }
      return Plotly.react(div, traces(thinned(power, power.first, end, 20000), toX, c), l, config);
    }
    return { draw: draw, done: draw() };
  }

  const plots = [];
  function begin(identifier, plot) {
    const div = document.getElementById(identifier);
    if (!div) return;
    plots.push([div, plot(div)]);
  }
  if (!window.Plotly) return; // the policy of another page, say; the still pictures stay
  document.documentElement.classList.add("live"); // the places of the plots have a size from here on
  begin("plot-overview", overviewPlot);
  if (data.detail) begin("plot-detail", detailPlot);

  const redraw = () => plots.forEach(([, plot]) => plot.draw());
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
})();
