/** What this person chose on this screen, remembered in the browser. */

const DEFAULTS = { language: "auto", theme: "auto", sound: null, shortcuts: true, mode: "write" };
const KEY = "fivebox";
const listeners = new Set();
let chosen = load();

function load() {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    // Storage may be forbidden or hold what is no JSON: the defaults serve.
    return { ...DEFAULTS };
  }
}

/** Take the kiosk's settings where this person has chosen nothing. */
export function offer(settings) {
  if (chosen.language === "auto") DEFAULTS.language = settings.language;
  DEFAULTS.sound = settings.sound;
}

/** Return a choice: `language`, `theme`, `sound`, `shortcuts` or `mode`. */
export function choice(name) {
  const own = chosen[name];
  return own === null || (name === "language" && own === "auto") ? DEFAULTS[name] : own;
}

export function choose(name, value) {
  chosen = { ...chosen, [name]: value };
  try {
    localStorage.setItem(KEY, JSON.stringify(chosen));
  } catch {
    // It then holds until the page is left.
  }
  for (const listener of listeners) listener(name, value);
}

/** Call a function with name and value of each choice that is made. */
export const onChoice = (listener) => listeners.add(listener);
