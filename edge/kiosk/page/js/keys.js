/** The textbook's four keys, where nobody is typing and no dialog is open. */

import { choice } from "./choices.js";

/** @param {Record<string, () => void>} actions by key */
export function listen(actions) {
  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (!choice("shortcuts") || document.querySelector("dialog[open]")) return;
    if (event.target.closest?.("input, textarea, select")) return;
    const action = actions[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
