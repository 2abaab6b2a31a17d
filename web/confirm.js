// @ts-check
/** Asks before something is gone for good, in a dialog of the browser's own making. */

import { element } from "./dom.js";

/**
 * @param {{ title: string, yes: string, no: string }} words
 * @param {HTMLElement} body what would be gone, in words
 * @returns {Promise<boolean>}
 */
export function confirmed(words, body) {
  const keep = element("button", { type: "submit", className: "secondary", value: "keep", textContent: words.no });
  const yes = element("button", { type: "submit", className: "danger", value: "yes", textContent: words.yes });
  const title = element("h2", { id: "confirm-title", textContent: words.title });
  body.id = "confirm-body";
  const form = element("form", { method: "dialog" }, title, body, element("div", { className: "actions" }, keep, yes));
  const dialog = element("dialog", { className: "confirm" }, form);
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.setAttribute("aria-describedby", body.id);
  return closed(dialog, keep).then((value) => value === "yes");
}

/** Shows it; the value it is closed with. @param {HTMLDialogElement} dialog @param {HTMLElement} focused @returns {Promise<string>} */
export function closed(dialog, focused) {
  document.body.append(dialog);
  dialog.showModal();
  focused.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}
