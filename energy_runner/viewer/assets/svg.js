/* SPDX-License-Identifier: Apache-2.0 */
// As much of a canvas' drawing interface as draw.js and layers.js use, written down as SVG.

const number = (value) => String(Math.round(value * 100) / 100);
const escaped = (text) =>
  String(text)
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, "")
    .replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

export class SvgDrawing {
  constructor(width, height) {
    Object.assign(this, {
      width,
      height,
      parts: [],
      path: [],
      patterns: new Map(),
      stack: [],
      clips: 0,
      open: 0,
      at: null,
    });
    Object.assign(this, {
      fillStyle: "#000",
      strokeStyle: "#000",
      lineWidth: 1,
      globalAlpha: 1,
      font: "12px sans-serif",
    });
    Object.assign(this, { textAlign: "left", textBaseline: "alphabetic", dash: [], ratio: 2 });
    this.measure = document.createElement("canvas").getContext("2d");
  }

  save() {
    const { fillStyle, strokeStyle, lineWidth, globalAlpha, font, textAlign, textBaseline, dash, open } = this;
    this.stack.push({ fillStyle, strokeStyle, lineWidth, globalAlpha, font, textAlign, textBaseline, dash, open });
  }

  restore() {
    const kept = this.stack.pop();
    if (!kept) return;
    for (; this.open > kept.open; this.open--) this.parts.push("</g>");
    Object.assign(this, kept);
  }

  /** Move all that follows down. */
  translate_(down) {
    this.parts.push(`<g transform="translate(0 ${down})">`);
    this.open++;
  }

  beginPath() {
    this.path = [];
  }
  moveTo(x, y) {
    this.path.push(`M${number(x)} ${number(y)}`);
  }
  lineTo(x, y) {
    this.path.push(`L${number(x)} ${number(y)}`);
  }
  closePath() {
    this.path.push("Z");
  }
  rect(x, y, w, h) {
    this.path.push(`M${number(x)} ${number(y)}h${number(w)}v${number(h)}h${number(-w)}Z`);
  }
  arc(x, y, r) {
    this.path.push(`M${number(x - r)} ${number(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`);
  }
  setLineDash(dash) {
    this.dash = dash;
  }

  clip() {
    const id = `clip${++this.clips}`;
    this.parts.push(
      `<clipPath id="${id}"><path d="${this.path.join("")}"/></clipPath><g clip-path="url(#${id})">`,
    );
    this.open++;
  }

  fill() {
    this.parts.push(`<path d="${this.path.join("")}" fill="${escaped(this.fillStyle)}"${this.opacity()}/>`);
  }

  stroke() {
    if (!this.path.length) return;
    const dash = this.dash.length ? ` stroke-dasharray="${this.dash.join(" ")}"` : "";
    this.parts.push(
      `<path d="${this.path.join("")}" fill="none" stroke="${escaped(this.strokeStyle)}" ` +
        `stroke-width="${this.lineWidth}"${dash}${this.opacity()}/>`,
    );
  }

  fillRect(x, y, w, h) {
    const style = `fill="${escaped(this.fillStyle)}"${this.opacity()}`,
      box = `M${number(x)} ${number(y)}h${number(w)}v${number(h)}h${number(-w)}Z`;
    const last = this.parts.at(-1),
      tail = `" ${style}/>`;
    // Thousands of boxes of one colour in a row become one path.
    if (last?.startsWith('<path class="b" d="') && last.endsWith(tail)) this.boxes.push(box);
    else {
      this.flush();
      this.boxes = [box];
      this.parts.push(`<path class="b" d="${tail}`);
      this.boxesAt = this.parts.length - 1;
      this.boxesTail = tail;
    }
  }

  strokeRect(x, y, w, h) {
    const kept = this.path;
    this.path = [];
    this.rect(x, y, w, h);
    this.stroke();
    this.path = kept;
  }

  flush() {
    if (this.boxes?.length) this.parts[this.boxesAt] = `<path d="${this.boxes.join("")}${this.boxesTail}`;
    this.boxes = null;
  }

  measureText(text) {
    this.measure.font = this.font;
    return this.measure.measureText(text);
  }

  fillText(text, x, y) {
    const anchor = { left: "start", center: "middle", right: "end" }[this.textAlign] ?? "start";
    const size = Number(/(\d+)px/.exec(this.font)?.[1] ?? 12),
      weight = /^(\d+) /.exec(this.font)?.[1] ?? "400";
    const down = { middle: 0.35, top: 0.85, bottom: -0.2 }[this.textBaseline] ?? 0;
    this.parts.push(
      `<text x="${number(x)}" y="${number(y + down * size)}" font-size="${size}" font-weight="${weight}" ` +
        `text-anchor="${anchor}" fill="${escaped(this.fillStyle)}"${this.opacity()}>${escaped(text)}</text>`,
    );
  }

  hatched(x, y, w, h, colour) {
    if (!this.patterns.has(colour)) this.patterns.set(colour, `hatch${this.patterns.size}`);
    const kept = this.fillStyle;
    this.fillStyle = `url(#${this.patterns.get(colour)})`;
    this.fillRect(x, y, w, h);
    this.fillStyle = kept;
  }

  opacity() {
    return this.globalAlpha === 1 ? "" : ` opacity="${this.globalAlpha}"`;
  }

  /** Return the document, with its title as what a screen reader says of it. */
  text(title) {
    this.flush();
    const hatches = [...this.patterns].map(
      ([colour, id]) =>
        `<pattern id="${id}" width="7" height="7" patternUnits="userSpaceOnUse"><path d="M0 7L7 0" stroke="${escaped(colour)}" ` +
        `stroke-width="1.3" opacity="0.85"/></pattern>`,
    );
    return (
      `<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="${this.width}" ` +
      `height="${this.height}" viewBox="0 0 ${this.width} ${this.height}" role="img" font-family="system-ui, sans-serif">` +
      `<title>${escaped(title)}</title><defs>${hatches.join("")}</defs>${this.parts.join("\n")}${"</g>".repeat(this.open)}</svg>\n`
    );
  }
}
