/** Elements: found, made and emptied, without a word of text or markup in strings. */

const SVG = "http://www.w3.org/2000/svg";

/** @returns {HTMLElement} the element of that id */
export const find = (id) => document.getElementById(id);

/**
 * Make an element.
 * @param {string} tag
 * @param {object} properties set on the element; those with a hyphen and `role` as attributes
 * @param {...(Node|string)} children
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name.includes("-") || name === "role" || name === "for") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

/** Make an element of a drawing, with attributes. */
export function draw(tag, attributes = {}, text = "") {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text) element.textContent = text;
  return element;
}

/** Make one of the icons of `icons.svg`; a screen reader is told what the text beside it says. */
export function icon(name) {
  const element = draw("svg", { class: "icon", "aria-hidden": "true" });
  element.append(draw("use", { href: `/static/icons.svg#${name}` }));
  return element;
}

/** Put children in the place of those that are there, keeping the focus on the same control. */
export function refill(element, ...children) {
  const held = element.contains(document.activeElement) ? document.activeElement.dataset.focus : "";
  element.replaceChildren(...children);
  if (held) element.querySelector(`[data-focus="${held}"]`)?.focus();
}
