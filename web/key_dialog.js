// @ts-check
/** Asks a person for the API key that the server wants. */

import { KEY } from "./texts.js";

/**
 * What the person entered; empty where they gave up.
 * @param {boolean} wasWrong whether a key was shown before
 * @returns {Promise<string>}
 */
export function askForKey(wasWrong) {
  const dialog = document.createElement("dialog");
  dialog.className = "key";
  dialog.setAttribute("aria-labelledby", "key-title");
  const form = document.createElement("form");
  form.method = "dialog";
  const title = Object.assign(document.createElement("h2"), { id: "key-title", textContent: KEY.title });
  const lead = Object.assign(document.createElement("p"), { textContent: wasWrong ? KEY.wrong : KEY.lead });
  lead.setAttribute("role", wasWrong ? "alert" : "note");
  const label = Object.assign(document.createElement("label"), { textContent: KEY.label });
  const input = Object.assign(document.createElement("input"), { type: "password", required: true });
  input.autocomplete = "off";
  const cancel = Object.assign(document.createElement("button"), { type: "button", textContent: KEY.cancel });
  cancel.className = "secondary";
  cancel.addEventListener("click", () => dialog.close());
  const use = Object.assign(document.createElement("button"), { value: "use", textContent: KEY.use });
  use.className = "primary";
  label.append(input);
  form.append(title, lead, label, cancel, use);
  dialog.append(form);
  document.body.append(dialog);
  dialog.showModal();
  input.focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "use" ? input.value.trim() : "");
    });
  });
}
