// @ts-check
/** Asks a person for the API key that the server wants. */

import { closed } from "./confirm.js";
import { element } from "./dom.js";
import { KEY } from "./texts.js";

/** What no key holds and a header can't: a pasted one may bring spaces, quotes or signs that nobody sees along. */
const FOREIGN = /[^!-~]/gu;

/**
 * What the person entered; empty where they gave up.
 * @param {boolean} wasWrong whether a key was shown before
 * @returns {Promise<string>}
 */
export async function askForKey(wasWrong) {
  const title = element("h2", { id: "key-title", textContent: KEY.title });
  const lead = element("p", { role: wasWrong ? "alert" : "note", textContent: wasWrong ? KEY.wrong : KEY.lead });
  const input = element("input", { type: "password", required: true, autocomplete: "off" });
  const label = element("label", { textContent: KEY.label }, input);
  const cancel = element("button", { type: "button", className: "secondary", textContent: KEY.cancel });
  const use = element("button", { value: "use", className: "primary", textContent: KEY.use });
  const form = element("form", { method: "dialog" }, title, lead, label, cancel, use);
  const dialog = element("dialog", { className: "key" }, form);
  dialog.setAttribute("aria-labelledby", title.id);
  cancel.addEventListener("click", () => dialog.close());
  return (await closed(dialog, input)) === "use" ? input.value.replace(FOREIGN, "") : "";
}
