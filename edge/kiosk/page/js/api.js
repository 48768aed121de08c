/** The kiosk's HTTP API: requests, and what went wrong as a `Problem`. */

const ROOT = "/api/v1/";
const PATIENCE_MS = 10_000;

/** A request that failed; `status` is 0 where the kiosk can't be reached. */
export class Problem extends Error {
  constructor(status) {
    super(`problem ${status}`);
    this.status = status;
  }
}

async function call(path, options = {}) {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, patience]) : patience;
  try {
    const response = await fetch(ROOT + path, { ...options, signal });
    if (!response.ok) throw new Problem(response.status);
    return await response.json();
  } catch (error) {
    // Overtaken requests are the caller's own doing; everything else is a problem.
    if (error instanceof Problem || options.signal?.aborted) throw error;
    throw new Problem(0);
  }
}

function send(method, path, type, body, signal) {
  return call(path, { method, headers: { "Content-Type": type }, body, signal });
}

export const settings = () => call("settings");

/** Read a touch recording; it is kept in the journal. */
export const readStrokes = (recording, signal) =>
  send("POST", "readings", "application/json", JSON.stringify(recording), signal);

/** Read a photo, a JPEG blob. */
export const readPhoto = (blob, signal) => send("POST", "readings", "image/jpeg", blob, signal);

/** Store a person's word for a reading; null takes it back. */
export const correct = (id, postcode) =>
  send(
    "PATCH", `readings/${encodeURIComponent(id)}`, "application/json",
    JSON.stringify({ corrected: postcode }),
  );

/** The five digit images and their ten probabilities each. */
export const digits = (id) => call(`readings/${encodeURIComponent(id)}/digits`);

/** A page of readings: `{readings, next}`. */
export function readings(filter, signal) {
  return call(`readings?${query(filter)}`, { signal });
}

/** Where the CSV of a day is. */
export const csv = (day) => `${ROOT}readings.csv?${query({ day })}`;

export const EVENTS = `${ROOT}events`;
export const PREVIEW = `${ROOT}preview`;

/** This day here, `YYYY-MM-DD`. */
export function today(now = new Date()) {
  const two = (number) => String(number).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

function query(values) {
  const given = Object.entries(values).filter(([, value]) => value || value === 0);
  return new URLSearchParams(given).toString();
}
