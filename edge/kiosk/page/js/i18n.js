/** Texts: one file a language, chosen by the browser or the person, put into the page. */

export const LANGUAGES = ["ko", "en"];

let texts = {};
let language = "en";
const listeners = new Set();

/** The language that is shown, `ko` or `en`. */
export const current = () => language;

/**
 * Choose a language.
 * @param {string} wish `ko`, `en`, or anything else: the browser's first that there is
 */
export function resolve(wish) {
  if (LANGUAGES.includes(wish)) return wish;
  const spoken = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase());
  return spoken.find((tag) => LANGUAGES.includes(tag)) ?? "en";
}

/** Load a language's texts and show them; the old ones stay where that fails. */
export async function speak(chosen) {
  const response = await fetch(`/static/text/${chosen}.json`);
  if (!response.ok) throw new Error(String(response.status));
  texts = await response.json();
  language = chosen;
  document.documentElement.lang = chosen;
  translate(document);
  for (const listener of listeners) listener();
}

/** Call a function now and whenever the language changes. */
export function onLanguage(listener) {
  listeners.add(listener);
  listener();
}

/** Tell whether there is a text of that name. */
export const has = (key) => Object.hasOwn(texts, key);

/**
 * Return a text, its `{names}` filled in.
 * A name that is missing shows itself, so that it is noticed.
 */
export function t(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Return the text of `group.code`, or that of `group.other` where nobody knows the code. */
export function coded(group, code) {
  return t(has(`${group}.${code}`) ? `${group}.${code}` : `${group}.other`);
}

/** Return a share of one as a person reads it. */
export function percent(share) {
  // Nothing is certain: 0.99996 is not shown as 100 %.
  const shown = Math.min(share, 0.999);
  const digits = shown >= 0.99 ? 1 : 0;
  return new Intl.NumberFormat(language, {
    style: "percent", maximumFractionDigits: digits,
  }).format(shown);
}

/** Return the time of day of an ISO date. */
export const clock = (iso) =>
  new Intl.DateTimeFormat(language, { timeStyle: "medium" }).format(new Date(iso));

/** Return a region's name; directories may give it in Korean and English, ` / ` between. */
export function region(name) {
  const [korean, english] = (name ?? "").split(" / ");
  return language === "ko" ? korean : english ?? korean;
}

function translate(root) {
  for (const element of root.querySelectorAll("[data-text]")) {
    element.textContent = t(element.dataset.text);
  }
  for (const element of root.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", t(element.dataset.label));
  }
  for (const element of root.querySelectorAll("[data-title]")) {
    element.title = t(element.dataset.title);
  }
  for (const element of root.querySelectorAll("[data-alt]")) element.alt = t(element.dataset.alt);
  for (const element of root.querySelectorAll("[data-placeholder]")) {
    element.placeholder = t(element.dataset.placeholder);
  }
}
