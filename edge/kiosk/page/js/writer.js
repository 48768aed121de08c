/** When what is written is read: once the pen rests, or when asked; what is overtaken is ignored. */

import { readStrokes } from "./api.js";

export class Writer extends EventTarget {
  #pad;
  #restMs;
  #timer = 0;
  #request = null;

  /**
   * Fires `reading` (a reading resource), `problem` (a Problem) and `stale` (the ink is no longer
   * what was read), as CustomEvents.
   * @param {Pad} pad
   * @param {() => number} restMs how long a pen rests before it is read, ms
   */
  constructor(pad, restMs) {
    super();
    this.#pad = pad;
    this.#restMs = restMs;
    pad.addEventListener("down", () => this.#overtake());
    pad.addEventListener("change", () => {
      this.#overtake();
      this.#fire("stale");
    });
    pad.addEventListener("up", () => {
      if (!pad.busy && pad.full) this.#timer = setTimeout(() => this.read(), this.#restMs());
    });
  }

  /**
   * Read what is in the boxes now.
   * @returns {Promise<object|null>} the reading; null where there is none or it was overtaken
   */
  async read() {
    this.#overtake();
    if (this.#pad.ink.empty) return null;
    const request = new AbortController();
    this.#request = request;
    try {
      const reading = await readStrokes(this.#pad.ink.recording(), request.signal);
      if (request.signal.aborted) return null;
      this.#fire("reading", reading);
      return reading;
    } catch (problem) {
      if (!request.signal.aborted) this.#fire("problem", problem);
      return null;
    }
  }

  #overtake() {
    clearTimeout(this.#timer);
    this.#request?.abort();
    this.#request = null;
  }

  #fire(name, detail = null) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
