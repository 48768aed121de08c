/** The number pad on which a person says what was written. */

import { digits as fetchDigits } from "./api.js";
import { find, make, refill } from "./dom.js";
import { characters } from "./doubt.js";
import { onLanguage, t } from "./i18n.js";
import { numberKeys, NUMBERS } from "./numbers.js";

const PLACES = [0, 1, 2, 3, 4];

export class Corrector {
  #dialog = find("corrector");
  #slots = find("slots");
  #save = find("correct-save");
  #back = find("correct-back");
  #word = [];
  #place = 0;
  #images = [];
  #settle = null;

  constructor() {
    onLanguage(() => refill(
      find("number-pad"),
      ...numberKeys((digit) => this.#put(digit), () => this.#backspace()),
    ));
    this.#save.addEventListener("click", () => this.#finish(this.#word.join("")));
    this.#back.addEventListener("click", () => this.#finish(null));
    find("correct-cancel").addEventListener("click", () => this.#finish(undefined));
    this.#dialog.addEventListener("close", () => this.#finish(undefined));
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
  }

  /**
   * Ask for the five digits of a reading.
   * @returns {Promise<string|null|undefined>} five digits; null: take the correction back;
   *   undefined: nothing is to change
   */
  ask(reading, place = 0) {
    this.#word = characters(reading);
    this.#place = place;
    this.#images = [];
    this.#back.hidden = !reading.corrected;
    this.#render();
    this.#dialog.showModal();
    this.#slots.children[this.#place].focus();
    this.#fetchImages(reading.id);
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  async #fetchImages(id) {
    try {
      const { digits } = await fetchDigits(id);
      this.#images = digits.map(({ image }) => image);
      this.#render();
    } catch {
      // An old reading has none any more; it is corrected without.
    }
  }

  #finish(word) {
    const settle = this.#settle;
    this.#settle = null;
    if (this.#dialog.open) this.#dialog.close();
    settle?.(word);
  }

  #put(digit) {
    this.#word[this.#place] = digit;
    this.#place = Math.min(this.#place + 1, PLACES.length - 1);
    this.#render();
  }

  #backspace() {
    if (this.#word[this.#place] === null) this.#place = Math.max(this.#place - 1, 0);
    this.#word[this.#place] = null;
    this.#render();
  }

  #move(step) {
    this.#place = (this.#place + step + PLACES.length) % PLACES.length;
    this.#render();
    this.#slots.children[this.#place].focus();
  }

  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (NUMBERS.includes(event.key)) this.#put(event.key);
    else if (event.key === "Backspace" || event.key === "Delete") this.#backspace();
    else if (event.key === "ArrowLeft") this.#move(-1);
    else if (event.key === "ArrowRight") this.#move(1);
    else if (event.key === "Enter" && !event.target.closest(".number, .sheet-actions") && !this.#save.disabled) {
      this.#finish(this.#word.join(""));
    } else return;
    event.preventDefault();
  }

  #render() {
    refill(this.#slots, ...PLACES.map((place) => this.#slot(place)));
    this.#save.disabled = this.#word.includes(null);
  }

  #slot(place) {
    const digit = this.#word[place];
    const slot = make("button", {
      type: "button", className: "slot", "data-focus": `slot-${place}`,
      "aria-pressed": String(place === this.#place),
      "aria-label": t(digit === null ? "correct.empty" : "correct.slot", { place: place + 1, digit }),
    });
    if (this.#images[place]) slot.append(make("img", { src: this.#images[place], alt: "" }));
    slot.append(make("span", {}, digit ?? "_"));
    slot.addEventListener("click", () => {
      this.#place = place;
      this.#render();
    });
    return slot;
  }
}
