// @ts-check
/** Asks before something is gone for good, in a dialog of the browser's own making. */

import { element } from "../dom.js";
import { sayByKey } from "../key.js";
import { FILES, deleteBody } from "../texts.js";

/** @param {string} name @returns {Promise<boolean>} */
export function confirmDelete(name) {
  const keep = element("button", { type: "submit", className: "secondary", value: "keep", textContent: FILES.deleteNo });
  const yes = element("button", { type: "submit", className: "danger", value: "delete", textContent: FILES.deleteYes });
  const title = element("h2", { id: "confirm-title", textContent: FILES.deleteTitle });
  const body = element("p", { id: "confirm-body", className: "file-name" });
  sayByKey(body, deleteBody(name));
  const form = element("form", { method: "dialog" }, title, body, element("div", { className: "actions" }, keep, yes));
  const dialog = element("dialog", { className: "confirm" }, form);
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.setAttribute("aria-describedby", body.id);
  document.body.append(dialog);
  dialog.showModal();
  keep.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "delete");
    });
  });
}
