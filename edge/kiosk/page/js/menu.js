/** What a person can set on this screen. */

import { choice, choose } from "./choices.js";
import { find, make, refill } from "./dom.js";
import { onLanguage, t } from "./i18n.js";

const KEYS = ["e", "s", "r", "q"];

export class Menu {
  #dialog = find("menu");

  /** @param {object} settings of the kiosk */
  constructor(settings) {
    find("menu-close").addEventListener("click", () => this.#dialog.close());
    onLanguage(() => this.#render(settings));
  }

  open() {
    this.#dialog.showModal();
  }

  close() {
    this.#dialog.close();
  }

  #render(settings) {
    refill(
      find("menu-body"),
      group("menu.language", radios("language", {
        auto: t("menu.auto"), ko: t("language.ko"), en: t("language.en"),
      })),
      group("menu.theme", radios("theme", {
        auto: t("menu.auto"), light: t("menu.light"), dark: t("menu.dark"),
      })),
      group("menu.more", [box("sound"), box("shortcuts")]),
      keys(),
    );
    find("about").textContent = t("menu.about", {
      version: settings.version,
      directory: settings.directory ?? t("menu.no-directory"),
    });
  }
}

function group(name, choices) {
  return make("fieldset", { className: "menu-group" },
    make("legend", {}, t(name)), make("div", { className: "menu-choices" }, ...choices));
}

function radios(name, options) {
  const present = choice(name);
  return Object.entries(options).map(([value, text]) => {
    const input = make("input", {
      type: "radio", name, value, checked: value === present, "data-focus": `${name}-${value}`,
    });
    input.addEventListener("change", () => choose(name, value));
    const label = make("label", { className: "choice" }, input, make("span", {}, text));
    if (name === "language" && value !== "auto") label.lang = value;
    return label;
  });
}

function box(name) {
  const input = make("input", { type: "checkbox", checked: choice(name), "data-focus": name });
  input.addEventListener("change", () => choose(name, input.checked));
  return make("label", { className: "choice" }, input, make("span", {}, t(`menu.${name}`)));
}

function keys() {
  const list = KEYS.map((key) => make("li", {}, make("kbd", {}, key), ` ${t(`key.${key}`)}`));
  return make("ul", { className: "menu-keys" }, ...list);
}
