// @ts-check
/** The button that records the numbers and those that download them. What was recorded outlives a stop. */

import { confirmed } from "../confirm.js";
import { byId, download, element, setText } from "../dom.js";
import { askToStay } from "../leaving.js";
import * as texts from "./texts.js";
import { csv, json, rowsOf } from "./recording.js";

/** Almost three hours of one face at 25 frames a second, in some 180 MB; a page that has no end has one here. */
const MOST_ROWS = 250_000;

export class Recorder {
  /** @type {import("./recording.js").Row[]} */
  #rows = [];
  #on = false;
  /** Whether all rows were downloaded, in whichever format. */
  #saved = true;
  #button = /** @type {HTMLButtonElement} */ (byId("record"));

  constructor(mostRows = MOST_ROWS) {
    this.mostRows = mostRows;
    this.#button.addEventListener("click", () => (this.#on ? this.stop() : this.#start()));
    for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-save]"))) {
      button.addEventListener("click", () => this.#save(button.dataset.save ?? "csv"));
    }
    this.#show();
  }

  /** @param {import("./wire.js").Result} result @param {number} latencyMs */
  add(result, latencyMs) {
    if (!this.#on) return;
    const rows = rowsOf(result, new Date(), latencyMs);
    this.#rows.push(...rows);
    if (rows.length > 0) this.#saved = false;
    if (this.#rows.length >= this.mostRows) this.stop();
    this.#show();
  }

  async #start() {
    if (!this.#saved && !(await mayDiscard(this.#rows.length))) return;
    this.#rows = [];
    this.#saved = true;
    this.#on = true;
    this.#show();
  }

  stop() {
    this.#on = false;
    this.#show();
  }

  #show() {
    askToStay(this, !this.#saved);
    this.#button.ariaPressed = String(this.#on);
    setText(this.#button, this.#on ? texts.TEXTS.recordStop : texts.TEXTS.record);
    for (const note of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".recorded"))) {
      note.hidden = this.#rows.length === 0;
      setText(/** @type {HTMLElement} */ (note.firstElementChild), texts.recorded(this.#rows.length, this.#rows.length >= this.mostRows));
    }
  }

  /** @param {string} format */
  #save(format) {
    const [parts, type] = format === "csv" ? [csv(this.#rows), "text/csv"] : [json(this.#rows), "application/json"];
    download(texts.fileName("session", format), new Blob(parts, { type }));
    this.#saved = true;
    this.#show();
  }
}

/** @param {number} rows */
function mayDiscard(rows) {
  return confirmed(texts.DISCARD, element("p", { textContent: texts.discardBody(rows) }));
}
