/** Server-sent events: one stream for the page, which comes back by itself, for ever. */

import { EVENTS } from "./api.js";

const NAMES = ["camera", "view", "reading", "correction", "store"];
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

export class Events extends EventTarget {
  #source = null;
  #wait = FIRST_WAIT_MS;
  #timer = 0;

  /** Open the stream. Fires `open`, `lost`, and a CustomEvent of each name with its data. */
  start() {
    clearTimeout(this.#timer);
    this.#source?.close();
    const source = new EventSource(EVENTS);
    this.#source = source;
    source.addEventListener("open", () => {
      this.#wait = FIRST_WAIT_MS;
      this.dispatchEvent(new Event("open"));
    });
    source.addEventListener("error", () => {
      // The browser itself gives up for good after some answers, so it is never left to it.
      source.close();
      if (source !== this.#source) return;
      this.dispatchEvent(new Event("lost"));
      this.#timer = setTimeout(() => this.start(), this.#wait);
      this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT_MS);
    });
    for (const name of NAMES) {
      source.addEventListener(name, (event) => {
        this.dispatchEvent(new CustomEvent(name, { detail: JSON.parse(event.data) }));
      });
    }
  }

  stop() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }
}
