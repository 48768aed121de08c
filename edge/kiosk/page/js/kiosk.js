/** The page's parts, and what each means to the others. */

import { correct, readings, today } from "./api.js";
import { Camera } from "./camera.js";
import { choice, choose, onChoice } from "./choices.js";
import { Corrector } from "./corrector.js";
import { find } from "./dom.js";
import { standing } from "./doubt.js";
import { Events } from "./events.js";
import { History } from "./history.js";
import { current, onLanguage, resolve, speak, t } from "./i18n.js";
import * as keys from "./keys.js";
import { Menu } from "./menu.js";
import * as notice from "./notice.js";
import { Pad } from "./pad.js";
import { Result } from "./result.js";
import { Screen } from "./screen.js";
import { Seen } from "./seen.js";
import * as sound from "./sound.js";
import { Writer } from "./writer.js";

/** An envelope in view is among so many newest readings of its postcode. */
const LATELY = 10;
/** Who has touched nothing for so long, ms, has left what is written. */
const LEFT_MS = 60_000;

export class Kiosk {
  #settings;
  #screen;
  #pad = new Pad(find("pad"));
  #writer;
  #camera = new Camera();
  #result = new Result(find("tiles"), find("verdict"), find("choices"));
  #corrector = new Corrector();
  #history = new History(this.#corrector);
  #seen = new Seen();
  #menu;
  #events = new Events();
  #isBehind = false;

  /** @param {object} settings of the kiosk */
  constructor(settings) {
    this.#settings = settings;
    this.#screen = new Screen(settings.camera);
    this.#menu = new Menu(settings);
    this.#writer = new Writer(this.#pad, () => this.#settings.rest_ms);
    this.#wireWriting();
    this.#wireResult();
    this.#wireEvents();
    this.#wireButtons();
  }

  /**
   * Begin.
   * @returns {Promise<void>} fulfilled once the kiosk tells this page what happens
   */
  start() {
    sound.listen();
    // How the journal is, is the first that every page is told.
    const told = new Promise((resolve) => {
      this.#events.addEventListener("store", () => resolve(), { once: true });
    });
    this.#events.start();
    this.#camera.watch(this.#screen.cameraSeen);
    this.#screen.addEventListener("change", () => {
      this.#camera.watch(this.#screen.cameraSeen);
      this.#pad.redraw();
    });
    this.#history.countDoubtful();
    return told;
  }

  #wireWriting() {
    this.#writer.addEventListener("reading", ({ detail }) => this.#present(detail));
    this.#writer.addEventListener("problem", ({ detail }) => notice.sayProblem(detail));
    this.#writer.addEventListener("stale", () => {
      if (this.#result.reading?.kind === "write") this.#result.clear();
    });
  }

  #wireResult() {
    this.#result.addEventListener("shown", ({ detail }) => {
      this.#pad.mark(this.#result.reading?.kind === "write" ? detail : []);
    });
    this.#result.addEventListener("edit", ({ detail }) => this.#edit(detail));
    this.#result.addEventListener("corrected", () => this.#corrected());
    this.#result.addEventListener("problem", ({ detail }) => notice.sayProblem(detail));
    this.#history.addEventListener("problem", ({ detail }) => notice.sayProblem(detail));
    this.#history.addEventListener("corrected", ({ detail }) => this.#result.update(detail));
  }

  #wireEvents() {
    this.#events.addEventListener("open", () => {
      notice.say("server", "");
      this.#isBehind = true;
      this.#history.refresh();
    });
    this.#events.addEventListener("lost", () => {
      notice.say("server", "server.lost");
      this.#camera.setLost();
    });
    this.#events.addEventListener("camera", ({ detail }) => this.#camera.setState(detail));
    this.#events.addEventListener("view", ({ detail }) => {
      this.#camera.setView(detail);
      // What is certain already was told before this page listened.
      if (this.#isBehind && detail.hint === null) this.#catchUp(detail.reading);
      this.#isBehind = false;
    });
    this.#events.addEventListener("store", ({ detail }) => {
      notice.say("store", detail.ok ? "" : "store.failed");
    });
    this.#events.addEventListener("reading", ({ detail }) => {
      // What is written or photographed on another screen is that person's affair.
      if (detail.kind === "camera") this.#presentSeen(detail);
      this.#history.refresh();
    });
    this.#events.addEventListener("correction", ({ detail }) => {
      this.#result.update(detail);
      this.#history.refresh();
    });
  }

  #wireButtons() {
    find("erase").addEventListener("click", () => this.#erase());
    find("show").addEventListener("click", () => this.#show());
    find("recognise").addEventListener("click", () => this.#recognise());
    find("open-history").addEventListener("click", () => this.#history.open());
    find("open-menu").addEventListener("click", () => this.#menu.open());
    find("leave").addEventListener("click", () => this.#leave());
    find("begin").addEventListener("click", () => this.#begin());
    find("language").addEventListener("click", () => {
      choose("language", current() === "ko" ? "en" : "ko");
    });
    onChoice((name) => {
      if (name === "language") speak(resolve(choice("language"))).catch(() => notice.say("server", "server.lost"));
      if (name === "theme") this.#pad.redraw();
    });
    onLanguage(() => this.#nameLanguage());
    find("farewell").addEventListener("cancel", (event) => event.preventDefault());
    keys.listen({
      e: () => this.#erase(),
      s: () => this.#show(),
      r: () => this.#recognise(),
      q: () => this.#leave(),
    });
  }

  /** The button names the other language in that language. */
  #nameLanguage() {
    const other = current() === "ko" ? "en" : "ko";
    const button = find("language");
    button.textContent = t(`language.${other}`);
    button.lang = other;
  }

  #present(reading) {
    notice.calm();
    this.#result.show(reading);
    if (standing(reading) === "doubtful") sound.pleaseLook();
    else sound.accepted();
  }

  /** Show what the camera read, unless somebody still writes, or has to look at what is written. */
  #presentSeen(reading) {
    if (this.#pad.busy) return;
    if (!this.#pad.ink.empty) {
      const shown = this.#result.reading;
      const stands = shown?.kind === "write" && standing(shown) !== "doubtful";
      if (!stands && this.#pad.rested < LEFT_MS) return;
      // Below that ink it would look like what was read of it.
      this.#pad.erase();
    }
    this.#present(reading);
  }

  /** Show the envelope that lies under the camera since before this page was here. */
  async #catchUp(seen) {
    const filter = { day: today(), query: seen?.guess, limit: LATELY };
    const { readings: found } = await readings(filter).catch(() => ({ readings: [] }));
    const same = found.find(({ kind, guess }) => kind === "camera" && guess === seen?.guess);
    if (same && !this.#result.reading && this.#pad.ink.empty) this.#result.show(same);
  }

  #corrected() {
    notice.calm();
    sound.accepted();
  }

  async #edit(place) {
    const reading = this.#result.reading;
    const word = await this.#corrector.ask(reading, place);
    if (word === undefined) return;
    try {
      const changed = await correct(reading.id, word);
      if (this.#result.reading?.id === changed.id) this.#result.show(changed);
      this.#corrected();
    } catch (problem) {
      notice.sayProblem(problem);
    }
  }

  #erase() {
    this.#pad.erase();
    this.#result.clear();
  }

  async #recognise() {
    if (this.#pad.ink.empty && this.#screen.mode !== "write") return this.#readCamera();
    return this.#writer.read();
  }

  async #readCamera() {
    try {
      const reading = await this.#camera.read();
      if (reading) this.#present(reading);
      return reading;
    } catch (problem) {
      notice.sayProblem(problem);
      return null;
    }
  }

  async #show() {
    const reading = this.#result.reading ?? (await this.#recognise());
    if (!reading?.digits.length) return;
    try {
      await this.#seen.open(reading);
    } catch (problem) {
      notice.sayProblem(problem);
    }
  }

  /** Leave: nothing of this person stays on the screen, and the window closes where it may. */
  #leave() {
    this.#menu.close();
    this.#erase();
    this.#events.stop();
    this.#camera.watch(false);
    find("farewell").showModal();
    window.close();
  }

  #begin() {
    find("farewell").close();
    this.#events.start();
    this.#camera.watch(this.#screen.cameraSeen);
  }
}
