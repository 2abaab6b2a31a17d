// @ts-check
/** Pictures, videos and the list of jobs. */

import { element } from "../dom.js";
import { TEXTS } from "../texts.js";

/** @param {HTMLElement} section @returns {import("../router.js").View} */
export function mountFiles(section) {
  section.append(element("h1", { textContent: TEXTS.filesTitle }));
  return { show: () => {}, hide: () => {} };
}
