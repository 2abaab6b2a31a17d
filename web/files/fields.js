// @ts-check
/** Labelled controls of a form, each with its hint, which a screen reader reads along. */

import { element } from "../dom.js";
import { sayByKey } from "../key.js";

let made = 0;

/**
 * @template {HTMLInputElement | HTMLSelectElement} T
 * @param {T} control
 * @param {string} words
 * @param {string} [hint]
 */
export function field(control, words, hint = "") {
  control.id = `field-${(made += 1)}`;
  const label = element("label", { htmlFor: control.id, textContent: words });
  const root = element("div", { className: "field" }, label, control);
  if (hint) root.append(described(control, hint));
  return root;
}

/** @param {HTMLInputElement} control @param {string} words @param {string | { open: string, keyed: string }} hint */
export function tick(control, words, hint) {
  control.id = `field-${(made += 1)}`;
  control.type = "checkbox";
  const label = element("label", { htmlFor: control.id }, control, element("span", { textContent: words }));
  return element("div", { className: "field tick" }, label, described(control, hint));
}

/** @param {HTMLElement} control @param {string | { open: string, keyed: string }} hint */
function described(control, hint) {
  const words = typeof hint === "string" ? { open: hint, keyed: hint } : hint;
  const root = sayByKey(element("p", { className: "hint", id: `${control.id}-hint` }), words);
  control.setAttribute("aria-describedby", root.id);
  return root;
}
