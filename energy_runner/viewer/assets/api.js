/* SPDX-License-Identifier: Apache-2.0 */
// What the server answers: addresses relative to the page, errors as sentences, tiles as arrays.

/** What the server could not do, in its words; `status` is 0 where it did not answer at all. */
export class Failure extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

const SILENT =
  "The viewer's server does not answer. Try: energy-runner view, and open the address that it prints.";

async function answer(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure(SILENT, 0);
  }
  if (response.ok) return response;
  let said = "";
  try {
    said = String((await response.json()).error ?? "");
  } catch {
    /* not one of our answers: the status has to do */
  }
  throw new Failure(said || `The server answered ${response.status} to ${path.split("?")[0]}.`, response.status);
}

/** Return a document. Raises `Failure`. */
export async function document_(path, options) {
  return (await answer(path, options)).json();
}

/** Write a document; the header shows the server that no other page sent it. */
export async function write(path, method, body, more = {}) {
  const headers = { "Content-Type": "application/json", "X-Energy-Runner": "1", ...more };
  return document_(path, { method, headers, body: JSON.stringify(body) });
}

export const keys = () =>
  new URLSearchParams(location.search).getAll("s").filter((key) => /^[0-9a-f]{1,64}$/.test(key));

export const ofSession = (key, what = "") => `api/session/${encodeURIComponent(key)}${what}`;

/** Return `?a=1&b=2` of what is not null. */
export function query(given) {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(given))
    if (value !== null && value !== undefined) parts.append(name, value);
  return "?" + parts;
}

export const listing = () => document_("api/listing");
export const session = (key, rail = null) => document_(ofSession(key) + query({ rail }));
export const layer = (key, name, start_s, stop_s, most, rail, signal) =>
  document_(ofSession(key, `/layer/${encodeURIComponent(name)}`) + query({ start_s, stop_s, most, rail }), {
    signal,
  });
export const region = (key, start_s, stop_s, bins, rail, signal) =>
  document_(ofSession(key, "/region") + query({ start_s, stop_s, bins, rail }), { signal });
export const csvAddress = (key, start_s, stop_s, rail) =>
  ofSession(key, "/region.csv") + query({ start_s, stop_s, rail });
/** Keep annotations in place of those of a version; a `Failure` of status 412 says that there are others now. */
export const putAnnotations = (key, list, version) =>
  write(ofSession(key, "/annotations"), "PUT", list, version ? { "If-Match": `"${version}"` } : {});

export const ofSweep = (id, what) => `api/sweep/${encodeURIComponent(id)}/${what}`;
export const figures = (id) => document_(ofSweep(id, "figures"));

export function overlay(chosen, columns) {
  const parts = new URLSearchParams(chosen.map((key) => ["s", key]));
  parts.append("columns", columns);
  return document_("api/overlay?" + parts);
}

/** Return the columns of a signal between two samples. Raises `Failure`. */
export async function tile(key, signal, start, stop, columns, rail) {
  const response = await answer(ofSession(key, "/tile") + query({ signal, start, stop, columns, rail }));
  return unpacked(await response.arrayBuffer());
}

/** Return the arrays of a packed tile: column k covers samples first + k*width and on. */
export function unpacked(buffer) {
  const head = new DataView(buffer);
  if (buffer.byteLength < 32 || head.getUint32(0) !== 0x45525431)
    throw new Failure("The server's answer is not a tile.", 200);
  const columns = head.getUint32(4, true);
  if (buffer.byteLength < 32 + 16 * columns) throw new Failure("A tile came that is cut off.", 200);
  const part = (n) => new Float32Array(buffer, 32 + 4 * n * columns, columns);
  return {
    columns,
    first: head.getFloat64(8, true),
    width: head.getFloat64(16, true),
    final: head.getUint32(24, true) === 1,
    low: part(0),
    mean: part(1),
    high: part(2),
    present: part(3),
  };
}
