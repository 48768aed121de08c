/** The five digits as the model saw them, with its ten probabilities of each. */

import { digits } from "./api.js";
import { find, make, refill } from "./dom.js";
import { percent, t } from "./i18n.js";

export class Seen {
  #dialog = find("seen");

  constructor() {
    find("seen-close").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("keydown", (event) => {
      if (event.key !== "s" || event.ctrlKey || event.metaKey || event.altKey) return;
      // Else the page would hear it too, and show everything again.
      event.stopPropagation();
      this.#dialog.close();
    });
  }

  /** Show a reading's digits. @throws {Problem} where they are no longer there */
  async open(reading) {
    const { digits: seen } = await digits(reading.id);
    refill(find("seen-digits"), ...seen.map((digit, place) => column(digit, place)));
    if (!this.#dialog.open) this.#dialog.showModal();
  }
}

function column({ image, probabilities }, place) {
  const best = probabilities.indexOf(Math.max(...probabilities));
  const bars = probabilities.map((share, digit) => {
    const fill = make("span", { className: "bar-fill" });
    fill.style.width = `${(100 * share).toFixed(1)}%`;
    return make("li", { className: digit === best ? "best" : "" },
      make("span", {}, String(digit)),
      make("span", { className: "bar-track", "aria-hidden": "true" }, fill),
      make("span", { className: "share" }, percent(share)));
  });
  return make("li", { className: "seen-digit" },
    make("img", { src: image, alt: t("show.image", { place: place + 1 }) }),
    make("ol", { className: "bars", "aria-label": t("show.bars", { place: place + 1 }) }, ...bars));
}
