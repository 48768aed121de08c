/** The five boxes drawn over the preview, and their digits once these are certain. */

import { draw } from "./dom.js";

export class Overlay {
  #svg;

  /** @param {SVGElement} svg over the picture; it fits what it draws in as `contain` does */
  constructor(svg) {
    this.#svg = svg;
  }

  /**
   * Draw a view.
   * @param {number[][][]} boxes five quads, each four [x, y], in parts of the picture
   * @param {string|null} postcode to write at them; null while it isn't certain
   * @param {number} width of the picture, px
   * @param {number} height of the picture, px
   */
  draw(boxes, postcode, width, height) {
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#svg.classList.toggle("certain", postcode !== null);
    const parts = [];
    boxes.forEach((quad, place) => {
      const corners = quad.map(([x, y]) => [x * width, y * height]);
      const points = corners.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
      parts.push(draw("polygon", { points, class: "halo" }), draw("polygon", { points }));
      if (postcode) parts.push(label(corners, postcode[place], height));
    });
    this.#svg.replaceChildren(...parts);
  }

  clear() {
    this.#svg.replaceChildren();
  }
}

/** A digit above its box on the screen, or below where the picture ends. */
function label(corners, digit, height) {
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  const size = Math.max(Math.max(...ys) - Math.min(...ys), height / 14) * 0.9;
  const above = Math.min(...ys) - 0.25 * size;
  const y = above > size ? above : Math.max(...ys) + size;
  const x = (Math.min(...xs) + Math.max(...xs)) / 2;
  return draw("text", { x, y, "font-size": size }, digit);
}
