// @ts-check
/** What becomes of pictures, and how that is tested. */

import { element } from "./dom.js";
import { PRIVACY, TEXTS } from "./texts.js";

/** @param {HTMLElement} section @returns {import("./router.js").View} */
export function mountPrivacy(section) {
  section.append(element("h1", { textContent: TEXTS.privacyTitle }));
  for (const { title, paragraphs } of PRIVACY) {
    section.append(element("h2", { textContent: title }));
    section.append(...paragraphs.map((textContent) => element("p", { textContent })));
  }
  return { show: () => {}, hide: () => {} };
}
