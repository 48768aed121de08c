/** Which of the ways in is seen: both where there is room, else one at a time. */

import { choice, choose, onChoice } from "./choices.js";
import { find } from "./dom.js";

const ROOMY = "(min-width: 1100px) and (min-height: 680px), " +
  "(min-width: 560px) and (min-height: 860px) and (orientation: portrait)";
const SMALL = "(max-width: 559px), (max-height: 419px)";

export class Screen extends EventTarget {
  #root = document.documentElement;
  #roomy = window.matchMedia(ROOMY);
  #small = window.matchMedia(SMALL);

  /**
   * Fires `change` when another way in is seen.
   * @param {boolean} camera whether there is one
   */
  constructor(camera) {
    super();
    this.#root.dataset.camera = camera ? "yes" : "no";
    for (const query of [this.#roomy, this.#small]) {
      query.addEventListener("change", () => this.#lay());
    }
    document.addEventListener("visibilitychange", () => this.#lay());
    for (const mode of ["write", "camera"]) {
      find(`mode-${mode}`).addEventListener("click", () => choose("mode", mode));
    }
    onChoice((name) => (name === "mode" || name === "theme") && this.#lay());
    this.#lay();
  }

  /** `write` or `camera`, or `both`. */
  get mode() {
    if (this.#root.dataset.camera === "no") return "write";
    return this.#roomy.matches ? "both" : choice("mode");
  }

  /** Whether anybody can see the preview. */
  get cameraSeen() {
    return this.mode !== "write" && !document.hidden;
  }

  #lay() {
    this.#root.dataset.layout = this.#small.matches ? "compact" : this.#roomy.matches ? "both" : "single";
    this.#root.dataset.mode = this.mode;
    this.#root.dataset.theme = choice("theme");
    find("mode-write").setAttribute("aria-pressed", String(this.mode === "write"));
    find("mode-camera").setAttribute("aria-pressed", String(this.mode === "camera"));
    this.dispatchEvent(new Event("change"));
  }
}
