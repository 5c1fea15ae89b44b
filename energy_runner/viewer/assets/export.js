/* SPDX-License-Identifier: Apache-2.0 */
// What is seen, as PNG, as SVG (drawn once more, not a picture of pixels) and as a link.

import { SvgDrawing } from "./svg.js";
import { announce, byId, download, fileName } from "./dom.js";
import { palette } from "./palette.js";
import { nameOf } from "./head.js";
import { railName } from "./switches.js";
import { moment, plain } from "./words.js";

const TITLE = 30,
  PNG_RATIO = 2;

/** Return the colours of paper, whatever the page looks like now. */
export function paper() {
  const sheet = document.createElement("div");
  sheet.className = "paper-colours";
  document.body.append(sheet);
  const colours = palette(sheet);
  sheet.remove();
  return colours;
}

function title(plot, meta, view) {
  const span = `${moment(view.start, view.period)} to ${moment(view.stop, view.period)}`;
  const simulated = meta.virtual ? "VIRTUAL BENCH – simulated, not a measurement of hardware · " : "";
  const rail = view.rail === null ? (meta.rails?.[0] ?? null) : view.rail; // one of several, whose trace this is
  const of = rail === null ? "" : ` · rail ${railName(rail)}`;
  return plain(`${simulated}${meta.benchmark ?? ""} · ${nameOf(meta)}${of} · ${span}`, 300);
}

/** Draw the picture with its title into a drawing of width `plot.width`. */
function compose(ctx, plot, meta, view, colours, ratio) {
  ctx.fillStyle = colours.card;
  ctx.fillRect(0, 0, plot.width, plot.height + TITLE);
  ctx.fillStyle = meta.virtual ? colours.warn : colours.text;
  ctx.font = colours.bold;
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  ctx.fillText(title(plot, meta, view), 8, 9);
  if (ctx.translate_) ctx.translate_(TITLE);
  else ctx.translate(0, TITLE);
  plot.store.begin();
  plot.paint(ctx, plot.width, plot.height, plot, colours, ratio);
  plot.paintMarkers(ctx, colours, plot);
}

const name = (meta, end) => `${fileName(nameOf(meta))}-trace.${end}`;

export function savePng(plot, meta, view) {
  const canvas = document.createElement("canvas");
  canvas.width = plot.width * PNG_RATIO;
  canvas.height = (plot.height + TITLE) * PNG_RATIO;
  const ctx = canvas.getContext("2d");
  ctx.ratio = PNG_RATIO;
  ctx.scale(PNG_RATIO, PNG_RATIO);
  compose(ctx, plot, meta, view, plot.colours, PNG_RATIO);
  canvas.toBlob((blob) => download(blob, name(meta, "png")), "image/png");
}

/** Return the view as the text of an SVG file. */
export function asSvg(plot, meta, view, colours = paper()) {
  const drawing = new SvgDrawing(plot.width, plot.height + TITLE);
  compose(drawing, plot, meta, view, colours, drawing.ratio);
  return drawing.text(title(plot, meta, view));
}

export function saveSvg(plot, meta, view) {
  download(new Blob([asSvg(plot, meta, view)], { type: "image/svg+xml" }), name(meta, "svg"));
}

/** Copy the address of this view; where the browser does not let us, show it to be copied by hand. */
export async function copyLink(view) {
  const address = `${location.origin}${location.pathname}${location.search}#${view.hash()}`;
  history.replaceState(null, "", "#" + view.hash());
  const said = byId("export-state");
  try {
    await navigator.clipboard.writeText(address);
    said.textContent = "The link is copied. It opens this view as long as this viewer runs.";
  } catch {
    said.textContent = `Copy this: ${address}`;
  }
  announce(said.textContent);
}
