/** Today's readings: search, download, and the doubtful ones to correct. */

import { correct, csv, readings, today } from "./api.js";
import { find, icon, make, refill } from "./dom.js";
import { characters, standing } from "./doubt.js";
import { clock, onLanguage, percent, region, t } from "./i18n.js";
import { numberKeys } from "./numbers.js";

const PAGE = 50;
const TYPING_MS = 250;
/** Of the badge; a larger number says no more. */
const MOST_COUNTED = 99;
const ICONS = { accepted: "accepted", corrected: "person", doubtful: "doubtful" };
const KINDS = { write: "pen", camera: "camera", photo: "camera" };

export class History extends EventTarget {
  #dialog = find("history");
  #list = find("readings");
  #query = find("history-query");
  #more = find("history-more");
  #badge = find("doubtful-count");
  #corrector;
  #doubtful = false;
  #entries = [];
  #next = null;
  #request = null;
  #timer = 0;
  #count = 0;

  /**
   * Fires `corrected` (the reading) and `problem`, as CustomEvents.
   * @param {Corrector} corrector
   */
  constructor(corrector) {
    super();
    this.#corrector = corrector;
    find("history-close").addEventListener("click", () => this.#dialog.close());
    find("history-all").addEventListener("click", () => this.#filter(false));
    find("history-doubtful").addEventListener("click", () => this.#filter(true));
    this.#more.addEventListener("click", () => this.#load(this.#next));
    this.#query.addEventListener("input", () => this.#soon());
    this.#query.addEventListener("pointerdown", (event) => {
      find("history-keys").hidden = event.pointerType !== "touch";
    });
    // The finger that types must not take the focus from what it types into.
    find("history-keys").addEventListener("pointerdown", (event) => event.preventDefault());
    onLanguage(() => {
      refill(find("history-keys"), ...numberKeys(
        (digit) => this.#type(this.#query.value + digit),
        () => this.#type(this.#query.value.slice(0, -1)),
      ));
      this.#render();
    });
  }

  open() {
    find("history-csv").href = csv(today());
    find("history-keys").hidden = true;
    this.#dialog.showModal();
    this.#load();
  }

  /** Something was read or corrected: count anew, and show it where the list is open. */
  refresh() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.countDoubtful();
      if (this.#dialog.open) this.#load();
    }, TYPING_MS);
  }

  /** Show how many of today's readings wait to be looked at. */
  async countDoubtful() {
    try {
      const { readings: found, next } = await readings({
        day: today(), doubtful: true, limit: MOST_COUNTED,
      });
      this.#count = next === null ? found.length : MOST_COUNTED + 1;
    } catch {
      // The number is a courtesy; what is wrong is said where something was asked for.
    }
    this.#renderBadge();
  }

  #filter(doubtful) {
    this.#doubtful = doubtful;
    this.#load();
  }

  #type(text) {
    this.#query.value = text.slice(0, this.#query.maxLength);
    this.#soon();
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#load(), TYPING_MS);
  }

  async #load(before = null) {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    find("history-all").setAttribute("aria-pressed", String(!this.#doubtful));
    find("history-doubtful").setAttribute("aria-pressed", String(this.#doubtful));
    try {
      const page = await readings({
        day: today(), query: this.#query.value.trim(), doubtful: this.#doubtful,
        before, limit: PAGE,
      }, request.signal);
      if (request.signal.aborted) return;
      this.#entries = before === null ? page.readings : [...this.#entries, ...page.readings];
      this.#next = page.next;
      this.#render();
    } catch (problem) {
      if (!request.signal.aborted) this.#fire("problem", problem);
    }
  }

  #render() {
    refill(this.#list, ...this.#entries.map((reading) => this.#entry(reading)));
    this.#more.hidden = this.#next === null;
    const empty = this.#query.value.trim() ? "history.none-found"
      : this.#doubtful ? "history.none-doubtful" : "history.none";
    find("history-empty").textContent = this.#entries.length ? "" : t(empty);
    this.#renderBadge();
  }

  #renderBadge() {
    this.#badge.hidden = this.#count === 0;
    const count = this.#count > MOST_COUNTED ? `${MOST_COUNTED}+` : String(this.#count);
    this.#badge.textContent = count;
    find("open-history").setAttribute(
      "aria-label", t(this.#count ? "history.open-count" : "history.open", { count }),
    );
  }

  #entry(reading) {
    const how = standing(reading);
    const code = characters(reading).map((each) => each ?? "_").join("");
    const tone = how === "doubtful" ? "doubt" : "sure";
    const facts = make("div", { className: "facts" },
      make("span", { className: tone }, icon(ICONS[how]), t(`history.${how}`)));
    if (how === "accepted") facts.append(make("span", {}, percent(reading.confidence)));
    if (reading.region && how !== "doubtful") facts.append(make("span", {}, region(reading.region)));
    const kind = make("span", {}, icon(KINDS[reading.kind] ?? "camera"));
    kind.append(make("span", { className: "unseen" }, t(`kind.${reading.kind}`)));
    facts.append(kind);
    const button = make("button", {
      type: "button", className: "action", "data-focus": `entry-${reading.id}`,
      "aria-label": t("history.correct-one", { code }),
    }, t("history.correct"));
    button.addEventListener("click", () => this.#correct(reading));
    return make("li", { className: "entry", "data-id": reading.id },
      make("time", { dateTime: reading.taken_at }, clock(reading.taken_at)),
      make("span", { className: "code" }, code), facts, button);
  }

  async #correct(reading) {
    const word = await this.#corrector.ask(reading);
    if (word === undefined) return;
    try {
      const changed = await correct(reading.id, word);
      this.#fire("corrected", changed);
      await this.#load();
      this.countDoubtful();
      const same = this.#list.querySelector(`[data-focus="entry-${changed.id}"]`);
      (same ?? this.#list.querySelector("button") ?? find("history-close")).focus();
    } catch (problem) {
      this.#fire("problem", problem);
    }
  }

  #fire(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
