// @ts-check
/** A trouble in words: what it is, what to do, and what the server said. */

import { element } from "./dom.js";
import { refusal } from "./texts.js";

/** @param {{ title: string, advice: string, detail?: string }} words @param {(Node | string)[]} children */
export function notice({ title, advice, detail = "" }, ...children) {
  const said = detail ? [element("p", { className: "said", textContent: detail })] : [];
  const made = element("div", { className: "problem-note" }, element("h3", { textContent: title }), element("p", { textContent: advice }), ...said, ...children);
  made.setAttribute("role", "alert");
  return made;
}

/** @param {unknown} error a Refused; anything else is a mistake of ours and is thrown on @param {(Node | string)[]} children */
export function refusalNotice(error, ...children) {
  const refused = /** @type {import("./refused.js").Refused} */ (error);
  if (refused.code === undefined) throw error;
  return notice(refusal(refused), ...children);
}
