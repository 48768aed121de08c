/** The camera's side: preview, boxes, a hint in words, and how the camera is. */

import { PREVIEW, readPhoto } from "./api.js";
import { find } from "./dom.js";
import { coded, onLanguage, t } from "./i18n.js";
import { Overlay } from "./overlay.js";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;
/** Boxes of a view older than this, ms, are no longer there. */
const STALE_MS = 2000;
/** A hint stays at least this long, ms: it is to be read. */
const HINT_MS = 900;

export class Camera {
  #image = find("preview");
  #frame = find("frame");
  #hint = find("hint");
  #state = find("camera-state");
  #overlay = new Overlay(find("overlay"));
  #shown = false;
  #camera = { state: "starting", problem: null };
  #code = "";
  #hinted = -Infinity;
  #hintTimer = 0;
  #staleTimer = 0;
  #retryTimer = 0;
  #wait = FIRST_WAIT_MS;
  #opened = 0;

  constructor() {
    this.#image.addEventListener("load", () => {
      this.#image.hidden = false;
      this.#wait = FIRST_WAIT_MS;
    });
    this.#image.addEventListener("error", () => this.#lost());
    onLanguage(() => this.#render());
  }

  /** Show or leave the preview: one that nobody sees costs the kiosk its frames. */
  watch(shown) {
    if (shown === this.#shown) return;
    this.#shown = shown;
    if (shown) this.#open();
    else this.#close();
  }

  /** Take a CameraState; the preview is opened anew when the camera is back. */
  setState(camera) {
    const back = camera.state === "live" && this.#camera.state !== "live";
    this.#camera = camera;
    if (camera.state !== "live") {
      this.#overlay.clear();
      this.#say("");
    }
    this.#render();
    if (back && this.#shown) this.#open();
  }

  /** The kiosk can't be reached: what is seen is old. */
  setLost() {
    this.setState({ state: "reconnecting", problem: "server" });
  }

  /** Take a View: boxes, hint, and the best reading so far. */
  setView({ boxes, hint, reading }) {
    const certain = hint === null && reading?.status === "accepted" ? reading.postcode : null;
    const width = this.#image.naturalWidth || 640;
    const height = this.#image.naturalHeight || 480;
    this.#overlay.draw(boxes, certain, width, height);
    this.#say(certain ? "certain" : hint ?? (boxes.length ? "wait" : "no-boxes"));
    clearTimeout(this.#staleTimer);
    this.#staleTimer = setTimeout(() => this.#overlay.clear(), STALE_MS);
  }

  /**
   * Read what the preview shows now.
   * @returns {Promise<object|null>} the reading; null where there is no picture
   */
  async read() {
    const { naturalWidth: width, naturalHeight: height } = this.#image;
    if (!width || this.#camera.state !== "live") return null;
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext("2d").drawImage(this.#image, 0, 0);
    return readPhoto(await canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 }));
  }

  #open() {
    clearTimeout(this.#retryTimer);
    this.#opened += 1;
    this.#image.src = `${PREVIEW}?n=${this.#opened}`;
  }

  #close() {
    clearTimeout(this.#retryTimer);
    this.#overlay.clear();
    this.#image.removeAttribute("src");
    this.#image.hidden = true;
  }

  #lost() {
    if (!this.#shown || !this.#image.hasAttribute("src")) return;
    this.#image.hidden = true;
    this.#retryTimer = setTimeout(() => this.#open(), this.#wait);
    this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT_MS);
  }

  #say(code) {
    if (code === this.#code) {
      clearTimeout(this.#hintTimer);
      return;
    }
    clearTimeout(this.#hintTimer);
    const change = () => {
      this.#code = code;
      this.#hinted = performance.now();
      this.#render();
    };
    // What is certain, and silence, need no waiting.
    const wait = code === "certain" || code === "" ? 0 : this.#hinted + HINT_MS - performance.now();
    if (wait > 0) this.#hintTimer = setTimeout(change, wait);
    else change();
  }

  #render() {
    const { state, problem } = this.#camera;
    this.#frame.dataset.state = state;
    const text = problem ? coded("camera.problem", problem) : coded("camera.state", state);
    if (this.#state.textContent !== text) this.#state.textContent = text;
    const hint = state !== "live" ? text : this.#code ? coded("hint", this.#code) : t("hint.no-boxes");
    if (this.#hint.textContent !== hint) this.#hint.textContent = hint;
    this.#hint.dataset.code = state === "live" ? this.#code : state;
    this.#hint.classList.toggle("certain", this.#code === "certain" && state === "live");
  }
}
