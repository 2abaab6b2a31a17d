// @ts-check
/** The few things that every view does with the document. */

import * as texts from "./texts.js";

/** @param {string} id */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * A new element with properties (`className`, `textContent`, …) and children.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Partial<HTMLElementTagNameMap[T]>} [properties]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Empties it; the focus, where that was in it, goes to `next`. @param {HTMLElement} target @param {HTMLElement} next */
export function clear(target, next) {
  const focused = target.contains(document.activeElement);
  target.replaceChildren();
  if (focused) next.focus();
}

/** Writes only what changed: most frames change little. @param {HTMLElement} target @param {string} text */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/**
 * Puts words where the markup asks for them: `data-text` names the one an element shows, `data-label-text` its
 * accessible name, both keys of TEXTS.
 * @param {ParentNode} root
 */
export function fillTexts(root) {
  const words = /** @type {Record<string, string>} */ (texts.TEXTS);
  for (const target of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-text]"))) {
    target.textContent = words[target.dataset.text ?? ""];
  }
  for (const target of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-label-text]"))) {
    target.setAttribute("aria-label", words[target.dataset.labelText ?? ""]);
  }
}

/**
 * A colour of the style sheet as it is now, light or dark, for those who draw themselves.
 * @param {string} name such as `--ink`
 */
export function colourOf(name) {
  const probe = document.body.appendChild(element("span", { hidden: true }));
  probe.style.color = `var(${name})`;
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

/** Saves on the person's own machine. @param {string} name @param {Blob} blob */
export function download(name, blob) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
