// @ts-check
/** Light or dark: the system's choice until the person makes their own, which is remembered on this machine. */

import { setText } from "./dom.js";
import { onMachine } from "./storage.js";
import * as texts from "./texts.js";

const KEY = "thespis.theme";
const systemDark = window.matchMedia("(prefers-color-scheme: dark)");

const isDark = () => (onMachine.getItem(KEY) ?? (systemDark.matches ? "dark" : "light")) === "dark";

/** Tells `changed` listeners of the document, for those who draw with colours of their own. */
function apply() {
  const chosen = onMachine.getItem(KEY);
  if (chosen) document.documentElement.dataset.theme = chosen;
  document.dispatchEvent(new Event("themechange"));
}

/** @param {HTMLElement} button */
export function mountTheme(button) {
  const showWords = () => setText(button, isDark() ? texts.TEXTS.toLight : texts.TEXTS.toDark);
  button.addEventListener("click", () => {
    onMachine.setItem(KEY, isDark() ? "light" : "dark");
    apply();
    showWords();
  });
  systemDark.addEventListener("change", () => {
    apply();
    showWords();
  });
  apply();
  showWords();
}
