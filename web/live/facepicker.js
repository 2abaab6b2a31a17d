// @ts-check
/** A list of the faces of the last minute, to choose whose timeline and vote are shown. */

import { byId } from "../dom.js";
import * as texts from "./texts.js";

export class FacePicker {
  #select = /** @type {HTMLSelectElement} */ (byId("timeline-face"));
  #ids = "";

  /** @param {(id: number) => void} onChoose */
  constructor(onChoose) {
    this.#select.addEventListener("change", () => onChoose(Number(this.#select.value)));
  }

  /** @param {number[]} ids @param {number | undefined} chosen */
  show(ids, chosen) {
    if (this.#ids !== ids.join()) {
      this.#ids = ids.join();
      this.#select.replaceChildren(...ids.map((id) => new Option(texts.faceName(id), String(id))));
      this.#select.disabled = ids.length < 2;
    }
    const value = chosen === undefined ? "" : String(chosen);
    if (this.#select.value !== value) this.#select.value = value;
  }
}
