// @ts-check
/** The button that records the numbers and those that download them. What was recorded outlives a stop. */

import { byId, download, setText } from "../dom.js";
import * as texts from "../texts.js";
import { csv, json, rowsOf } from "./recording.js";

/** About two hours of three faces; a page that has no end has one here. */
const MOST_ROWS = 500_000;

export class Recorder {
  /** @type {import("./recording.js").Row[]} */
  #rows = [];
  #on = false;
  #button = /** @type {HTMLButtonElement} */ (byId("record"));

  constructor() {
    this.#button.addEventListener("click", () => (this.#on ? this.stop() : this.#start()));
    for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-save]"))) {
      button.addEventListener("click", () => this.#save(button.dataset.save ?? "csv"));
    }
    this.#show();
  }

  /** @param {import("./wire.js").Result} result @param {number} latencyMs */
  add(result, latencyMs) {
    if (!this.#on) return;
    this.#rows.push(...rowsOf(result, new Date(), latencyMs));
    if (this.#rows.length >= MOST_ROWS) this.stop();
    this.#show();
  }

  #start() {
    this.#rows = [];
    this.#on = true;
    this.#show();
  }

  stop() {
    this.#on = false;
    this.#show();
  }

  #show() {
    this.#button.ariaPressed = String(this.#on);
    setText(this.#button, this.#on ? texts.TEXTS.recordStop : texts.TEXTS.record);
    for (const note of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".recorded"))) {
      note.hidden = this.#rows.length === 0;
      setText(/** @type {HTMLElement} */ (note.firstElementChild), texts.recorded(this.#rows.length));
    }
  }

  /** @param {string} format */
  #save(format) {
    const [text, type] = format === "csv" ? [csv(this.#rows), "text/csv"] : [json(this.#rows), "application/json"];
    download(texts.fileName("session", format), new Blob([text], { type }));
  }
}
