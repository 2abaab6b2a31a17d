// @ts-check
/** One job, by its id in the address. */

import { element, setText } from "../dom.js";
import { TEXTS } from "../texts.js";

/** @param {HTMLElement} section @returns {import("../router.js").View} */
export function mountJob(section) {
  const id = element("p");
  section.append(element("h1", { textContent: TEXTS.jobTitle }), id);
  return { show: ([jobId = ""]) => setText(id, jobId), hide: () => {} };
}
