/** Ten digits and a key that deletes, large enough for fingers. */

import { icon, make } from "./dom.js";
import { t } from "./i18n.js";

export const NUMBERS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"];

/**
 * Make the keys of a number pad.
 * @param {(digit: string) => void} put is told which was pressed
 * @param {() => void} back deletes
 */
export function numberKeys(put, back) {
  const keys = NUMBERS.map((number) => {
    const key = make("button", { type: "button", className: "number", "data-number": number }, number);
    key.addEventListener("click", () => put(number));
    return key;
  });
  const deleter = make("button", {
    type: "button", className: "number back", "aria-label": t("correct.backspace"),
  }, icon("backspace"));
  deleter.addEventListener("click", back);
  return [...keys, deleter];
}
