/** The line that says what is wrong, the gravest thing first. */

import { find } from "./dom.js";
import { has, onLanguage, t } from "./i18n.js";

/** Of a passing problem, ms. */
const PASSING_MS = 8000;
const ORDER = ["server", "store", "passing"];

const said = new Map();
let timer = 0;

/** Say something until it is taken back. @param {"server"|"store"} what @param {string} key a text, or "" */
export function say(what, key) {
  if (key) said.set(what, key);
  else said.delete(what);
  render();
}

/** Say for a while why a request failed. */
export function sayProblem(problem) {
  const status = problem.status ?? 0;
  const key = has(`error.${status}`) ? `error.${status}` : "error.other";
  say("passing", key);
  clearTimeout(timer);
  timer = setTimeout(() => say("passing", ""), PASSING_MS);
}

/** A request succeeded. */
export const calm = () => say("passing", "");

function render() {
  const element = find("notice");
  const what = ORDER.find((each) => said.has(each));
  // Where even the texts could not be had there is nothing to say it with.
  const text = what && has(said.get(what)) ? t(said.get(what)) : "";
  element.hidden = !text;
  if (element.textContent !== text) element.textContent = text;
}

onLanguage(render);
