/** The five boxes to write in: pointers in, ink out. */

import { Brush } from "./brush.js";
import { Contacts } from "./contacts.js";
import { icon, make } from "./dom.js";
import { onLanguage, t } from "./i18n.js";
import { COUNT, Ink } from "./ink.js";

/** A contact that moves less than this, CSS px, is a tap. */
const TAP_PX = 7;

export class Pad extends EventTarget {
  ink = new Ink();
  #element;
  #boxes = [];
  #canvas = make("canvas", { className: "ink", "aria-hidden": "true" });
  #brush = new Brush(this.#canvas);
  #contacts = new Contacts();
  #points = [];
  #tapped = null;
  #doubtful = new Set();
  #touched = -Infinity;

  /**
   * Fires `down` when a pen touches, `up` when it rests, `change` when ink came or went.
   * @param {HTMLElement} element to build the pad in
   */
  constructor(element) {
    super();
    this.#element = element;
    for (let place = 0; place < COUNT; place += 1) this.#boxes.push(this.#makeBox(place));
    element.append(...this.#boxes.map(({ box }) => box), this.#canvas);
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    element.addEventListener("pointerup", (event) => this.#up(event));
    element.addEventListener("pointercancel", (event) => this.#cancel(event));
    element.addEventListener("contextmenu", (event) => event.preventDefault());
    new ResizeObserver(() => this.#lay()).observe(element);
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
      window.matchMedia(query).addEventListener("change", () => this.redraw());
    }
    onLanguage(() => this.#describe());
  }

  get busy() {
    return this.#contacts.writing !== null;
  }

  /** For how long no pen has touched, ms. */
  get rested() {
    return performance.now() - this.#touched;
  }

  get full() {
    return this.ink.filled().every(Boolean);
  }

  /** Erase one box, or all where none is named. */
  erase(place = null) {
    if (place === null) this.ink.clear();
    else this.ink.erase(place);
    this.#points = [];
    this.#changed();
  }

  /** Outline the boxes that are doubtful. */
  mark(places) {
    this.#doubtful = new Set(places);
    this.#describe();
  }

  redraw() {
    this.#brush.redraw(this.ink.strokes.map(({ points }) => points));
    if (this.#points.length) this.#brush.extend(this.#points, 0);
  }

  #makeBox(place) {
    const eraser = make("button", { type: "button", className: "box-erase", hidden: true }, icon("close"));
    // Pens and fingers come as pointers, which tell taps from strokes; this is for keys and
    // screen readers, whose clicks have no pointer.
    eraser.addEventListener("click", (event) => {
      if (event.detail === 0) this.#eraseByKey(place);
    });
    const box = make("div", { className: "box", role: "group" }, eraser);
    return { box, eraser };
  }

  #eraseByKey(place) {
    this.erase(place);
    const next = this.#boxes.find(({ eraser }) => !eraser.hidden);
    next?.eraser.focus();
  }

  #lay() {
    const around = this.#element.getBoundingClientRect();
    if (!around.width || !around.height) return;
    const boxes = this.#boxes.map(({ box }) => {
      const { left, top, width: w, height: h } = box.getBoundingClientRect();
      return [left - around.left, top - around.top, w, h];
    });
    this.ink.lay(boxes);
    // The canvas reaches beyond the boxes, as strokes do.
    const canvas = this.#canvas.getBoundingClientRect();
    this.#brush.fit(canvas, around, boxes[0][3]);
    this.redraw();
  }

  #point(event) {
    const { left, top } = this.#element.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top, event.timeStamp];
  }

  #down(event) {
    const verdict = this.#contacts.down(event);
    if (verdict === "ignore") return;
    event.preventDefault();
    this.#touched = performance.now();
    if (verdict === "replace") this.#drop();
    this.#element.setPointerCapture(event.pointerId);
    this.#tapped = this.#boxes.findIndex(({ eraser }) => eraser.contains(event.target));
    this.#points = [this.#point(event)];
    this.dispatchEvent(new Event("down"));
  }

  #move(event) {
    const verdict = this.#contacts.move(event);
    if (verdict === "ignore") return;
    if (verdict === "drop") {
      this.#drop();
      this.dispatchEvent(new Event("up"));
      return;
    }
    const known = this.#points.length;
    const coalesced = event.getCoalescedEvents?.() ?? [];
    for (const each of coalesced.length ? coalesced : [event]) this.#points.push(this.#point(each));
    this.#brush.extend(this.#points, known);
  }

  #up(event) {
    if (!this.#contacts.up(event)) return;
    const points = this.#points;
    this.#points = [];
    if (this.#tapped >= 0 && points.every((point) => near(point, points[0]))) {
      this.erase(this.#tapped);
    } else if (this.ink.add(points) === null) {
      this.redraw();
    } else {
      this.#brush.end(points);
      this.#changed(false);
    }
    this.dispatchEvent(new Event("up"));
  }

  #cancel(event) {
    if (!this.#contacts.up(event)) return;
    this.#drop();
    this.dispatchEvent(new Event("up"));
  }

  #drop() {
    this.#points = [];
    this.redraw();
  }

  #changed(redraw = true) {
    if (redraw) this.redraw();
    this.#describe();
    this.dispatchEvent(new Event("change"));
  }

  #describe() {
    const filled = this.ink.filled();
    const inked = new Set(this.ink.strokes.map((stroke) => stroke.box));
    this.#boxes.forEach(({ box, eraser }, place) => {
      const state = this.#doubtful.has(place) ? "doubtful" : filled[place] ? "written" : "empty";
      box.setAttribute("aria-label", t(`box.${state}`, { place: place + 1 }));
      box.classList.toggle("doubtful", this.#doubtful.has(place));
      eraser.hidden = !inked.has(place);
      eraser.setAttribute("aria-label", t("box.erase", { place: place + 1 }));
    });
  }
}

function near([x0, y0], [x1, y1]) {
  return Math.hypot(x0 - x1, y0 - y1) < TAP_PX;
}
