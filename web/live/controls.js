// @ts-check
/** The form of the live view's wishes: shows them, says what they mean in words, and tells who asked of each change. */

import { byId, setText } from "../dom.js";
import { onMachine } from "../storage.js";
import * as texts from "./texts.js";
import { DEFAULTS, loadWishes, saveWishes } from "./wishes.js";

/** @typedef {import("./wishes.js").Wishes} Wishes */
/** @typedef {HTMLInputElement | HTMLSelectElement} Field */

export class Controls {
  wishes = loadWishes(onMachine);
  #form = /** @type {HTMLFormElement} */ (byId("controls"));

  /** @param {(wishes: Wishes) => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
    // Some fields stand elsewhere on the page and name the form they belong to.
    for (const field of this.#form.elements) field.addEventListener("input", () => this.#changed(/** @type {Field} */ (field)));
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    byId("controls-reset").addEventListener("click", () => this.#become({ ...DEFAULTS }));
    this.#show();
  }

  /** What the server offers. @param {string[]} profiles @param {import("./wire.js").Limits} limits */
  offer(profiles, limits) {
    const select = /** @type {HTMLSelectElement} */ (this.#field("voteProfile"));
    select.replaceChildren(...profiles.map((name) => new Option(texts.voteProfile(name), name)));
    this.#field("maxFaces").setAttribute("max", String(limits.max_faces));
    this.#field("fps").setAttribute("max", String(Math.min(30, limits.max_fps)));
    this.#show();
  }

  /** @param {Partial<Wishes>} some */
  set(some) {
    this.#become({ ...this.wishes, ...some });
  }

  /** @param {Field} field */
  #changed(field) {
    const name = /** @type {keyof Wishes} */ (field.name);
    if (name in this.wishes) this.set({ [name]: valueOf(field, typeof this.wishes[name]) });
  }

  /** @param {Wishes} wishes */
  #become(wishes) {
    this.wishes = wishes;
    saveWishes(onMachine, wishes);
    this.#show();
    this.onChange(wishes);
  }

  #show() {
    for (const [name, value] of Object.entries(this.wishes)) {
      const field = this.#field(name);
      if (field instanceof HTMLInputElement && field.type === "checkbox") field.checked = Boolean(value);
      else if (field.value !== String(value)) field.value = String(value);
      const output = this.#form.querySelector(`output[for="${field.id}"]`);
      if (output instanceof HTMLElement) setText(output, texts.wish(name, Number(value)));
    }
  }

  /** @param {string} name */
  #field(name) {
    return /** @type {Field} */ (this.#form.elements.namedItem(name));
  }
}

/** @param {Field} field @param {string} kind */
function valueOf(field, kind) {
  if (kind === "boolean") return /** @type {HTMLInputElement} */ (field).checked;
  return kind === "number" ? Number(field.value) : field.value;
}
