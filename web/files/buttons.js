// @ts-check
/** The small buttons that stand beside what they act on. */

import { element } from "../dom.js";
import { namedButton } from "./texts.js";

/**
 * @param {string} words
 * @param {() => void} act
 * @param {string} [about] what it acts on, where several say the same
 */
export function smallButton(words, act, about = "") {
  const button = element("button", { type: "button", className: "secondary small", textContent: words });
  if (about) button.ariaLabel = namedButton(words, about);
  button.addEventListener("click", act);
  return button;
}
