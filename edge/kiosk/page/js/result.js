/** What was read, digit by digit, with what can be tapped to put it right. */

import { correct, Problem } from "./api.js";
import { icon, make, refill } from "./dom.js";
import { alternatives, characters, doubtfulPlaces, standing } from "./doubt.js";
import { coded, onLanguage, percent, region, t } from "./i18n.js";

const PLACES = [0, 1, 2, 3, 4];
const ICONS = { accepted: "accepted", corrected: "person", doubtful: "doubtful" };

export class Result extends EventTarget {
  #tiles;
  #verdict;
  #choices;
  #reading = null;
  #open = [];
  #chosen = [];
  #isStoring = false;

  /**
   * Fires `shown` (places that are doubtful), `edit` (the place to correct), `corrected` (the
   * reading) and `problem`, as CustomEvents.
   */
  constructor(tiles, verdict, choices) {
    super();
    this.#tiles = tiles;
    this.#verdict = verdict;
    this.#choices = choices;
    onLanguage(() => this.#render());
  }

  /** The reading that is shown, or null. */
  get reading() {
    return this.#reading;
  }

  show(reading) {
    this.#reading = reading;
    this.#open = doubtfulPlaces(reading);
    this.#chosen = characters(reading);
    this.#render();
  }

  /** Take what became of the reading elsewhere; what is being said here comes back by itself. */
  update(reading) {
    if (this.#reading?.id !== reading.id || this.#isStoring) return;
    if (this.#reading.corrected !== reading.corrected) this.show(reading);
  }

  clear() {
    this.#reading = null;
    this.#open = [];
    this.#chosen = [];
    this.#render();
  }

  /** Store a person's word: the digit of one place. */
  async #choose(place, digit) {
    const changed = this.#chosen[place] !== digit;
    this.#chosen[place] = digit;
    this.#open = this.#open.filter((each) => each !== place);
    // A confirmed digit alone is no word for the others that are still asked about.
    if ((changed || this.#open.length === 0) && this.#chosen.every((each) => each !== null)) {
      await this.#store();
    } else {
      this.#render();
    }
  }

  async #store() {
    const { id } = this.#reading;
    this.#isStoring = true;
    try {
      const reading = await correct(id, this.#chosen.join(""));
      if (this.#reading?.id !== id) return;
      this.#reading = reading;
      this.#render();
      this.#fire("corrected", reading);
    } catch (problem) {
      if (this.#reading?.id !== id) return;
      this.show(this.#reading);
      this.#fire("problem", problem instanceof Problem ? problem : new Problem(0));
    } finally {
      this.#isStoring = false;
    }
  }

  #render() {
    refill(this.#tiles, ...PLACES.map((place) => this.#tile(place)));
    refill(this.#verdict, ...this.#sentence());
    refill(this.#choices, ...this.#questions());
    this.#fire("shown", this.#open);
  }

  #tile(place) {
    const digit = this.#chosen[place] ?? null;
    const read = this.#reading?.digits[place];
    const doubtful = this.#open.includes(place);
    const changed = digit !== null && read !== undefined && digit !== read.digit;
    const share = read && digit !== null && !changed ? percent(read.confidence) : "";
    const button = make("button", {
      type: "button", className: "tile-digit", disabled: !read || !this.#reading.id, "data-focus": `tile-${place}`,
    });
    button.append(make("b", {}, read ? digit ?? "?" : "\u2007"));
    if (share) button.append(make("span", {}, share));
    button.setAttribute("aria-label", this.#tileLabel(place, digit, share, doubtful, changed));
    button.addEventListener("click", () => this.#fire("edit", place));
    const state = doubtful ? "doubtful" : changed ? "changed" : "";
    const tile = make("li", { className: `tile ${state}` }, button);
    if (doubtful && this.#reading.id) tile.append(...this.#alternativeButtons(place, "tile"));
    return tile;
  }

  #tileLabel(place, digit, share, doubtful, changed) {
    const values = { place: place + 1, digit: digit ?? "?", share };
    if (!this.#reading?.digits.length) return t("tile.empty", values);
    if (digit === null) return t("tile.blank", values);
    if (changed) return t("tile.changed", values);
    return t(doubtful ? "tile.doubtful" : "tile.sure", values);
  }

  #alternativeButtons(place, where) {
    return alternatives(this.#reading, place).map(({ digit, confidence }) => {
      const button = make("button", {
        type: "button", className: "alternative", title: percent(confidence),
        "aria-label": t("choice.alternative", { place: place + 1, digit }),
        "data-focus": `${where}-${place}-${digit}`,
      }, digit);
      button.addEventListener("click", () => this.#choose(place, digit));
      return button;
    });
  }

  #sentence() {
    const reading = this.#reading;
    if (!reading) return [make("span", { className: "prompt" }, t("write.title"))];
    const how = standing(reading);
    const tone = how === "doubtful" ? "doubt" : "sure";
    const mark = make("span", { className: tone }, icon(ICONS[how]));
    const code = characters(reading);
    const parts = [mark];
    if (reading.digits.length) {
      parts.push(make("span", { className: "postcode" }, this.#chosen.map((c) => c ?? "_").join("") || code.join("")));
    }
    // A rejected or corrected guess may lie elsewhere than what was read first.
    if (reading.region && how !== "doubtful") {
      parts.push(make("span", { className: "region" }, region(reading.region)));
    }
    parts.push(make("span", { className: `status ${tone}` }, this.#status(how)));
    return parts;
  }

  #status(how) {
    const reading = this.#reading;
    if (how === "corrected") return t("status.corrected");
    const share = percent(reading.confidence);
    if (how === "accepted") return t("status.accepted", { share });
    return t("status.doubtful", { why: coded("reason", reading.reason ?? "other") });
  }

  #questions() {
    const reading = this.#reading;
    if (!reading?.id || reading.digits.length === 0 || standing(reading) === "accepted") return [];
    const parts = [];
    const place = this.#open[0];
    if (place !== undefined) parts.push(this.#question(place));
    else if (standing(reading) === "corrected") return [];
    if (this.#chosen.every((each) => each !== null)) {
      const right = make("button", {
        type: "button", className: "action confirm", "data-focus": "right", title: t("choice.right"),
        "aria-label": t("choice.right"),
      }, icon("accepted"), make("span", {}, t("choice.right")));
      right.addEventListener("click", () => this.#confirm());
      parts.push(right);
    }
    const edit = make("button", {
      type: "button", className: "action", "data-focus": "edit", title: t("choice.edit"),
      "aria-label": t("choice.edit"),
    }, icon("keypad"), make("span", {}, t("choice.edit")));
    edit.addEventListener("click", () => this.#fire("edit", place ?? 0));
    parts.push(edit);
    return parts;
  }

  async #confirm() {
    this.#open = [];
    await this.#store();
  }

  /** The one question that fits a small screen: which digit is it? */
  #question(place) {
    const group = make("div", { className: "question", role: "group" });
    group.setAttribute("aria-label", t("choice.question", { place: place + 1 }));
    group.append(make("span", { className: "doubt" }, t("choice.box", { place: place + 1 })));
    group.append(...this.#alternativeButtons(place, "ask"));
    return group;
  }

  #fire(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
