// @ts-check
/** Seven bars of one face, read aloud as meters. They move by transform only. */

import { element, setText } from "./dom.js";
import { percentages, topLabel } from "./percentages.js";
import * as texts from "./texts.js";

/** Colours that faces have; style.css and overlay.js know as many. */
const COLOURS = 6;

/** @typedef {import("./live/wire.js").Face} Face */
/** @typedef {import("./live/wire.js").Probabilities} Probabilities */
/**
 * @typedef {object} ShownFace what of a face is shown, the same in bars, words and boxes
 * @property {number} id
 * @property {number} colour
 * @property {import("./geometry.js").Box} box
 * @property {Record<string, import("./geometry.js").Point> | null} landmarks
 * @property {string} top of the smoothed probabilities
 * @property {string} topNow of this moment's; `uncertain` and `agreement` are of it
 * @property {boolean} uncertain
 * @property {number} agreement percent
 * @property {Probabilities} shares
 * @property {Record<string, number>} percent whole, summing to 100
 */

/**
 * @param {Pick<Face, "face_id" | "box" | "landmarks" | "smoothed" | "top" | "uncertain" | "agreement">} face
 * @returns {ShownFace}
 */
export function shown(face) {
  return {
    id: face.face_id,
    colour: face.face_id % COLOURS,
    box: face.box,
    landmarks: face.landmarks,
    top: topLabel(face.smoothed),
    topNow: face.top,
    uncertain: face.uncertain,
    agreement: Math.round(face.agreement * 100),
    shares: face.smoothed,
    percent: percentages(face.smoothed),
  };
}

export class Bars {
  /** @type {Map<string, { root: HTMLElement, fill: HTMLElement, value: HTMLElement }>} */
  #bars = new Map();
  root = element("div", { className: "bars" });

  /** @param {string} owner whose bars they are, in words @param {string[]} labels */
  constructor(owner, labels) {
    this.root.append(...labels.map((label) => this.#bar(label, owner)));
  }

  /** @param {Pick<ShownFace, "top" | "shares" | "percent">} face */
  update({ top, shares, percent }) {
    for (const [label, bar] of this.#bars) {
      const whole = percent[label] ?? 0;
      bar.root.classList.toggle("top", label === top);
      bar.root.setAttribute("aria-valuenow", String(whole));
      bar.root.setAttribute("aria-valuetext", texts.percent(whole));
      bar.fill.style.transform = `translateX(${((shares[label] ?? 0) * 100 - 100).toFixed(2)}%)`;
      setText(bar.value, texts.percent(whole));
    }
  }

  /** @param {string} label @param {string} owner */
  #bar(label, owner) {
    const fill = element("span", { className: "fill" });
    const value = element("span", { className: "value" });
    const words = texts.label(label);
    const root = element("div", { className: "bar", role: "meter", ariaLabel: texts.barName(owner, words) });
    root.dataset.label = label;
    Object.assign(root, { ariaValueMin: "0", ariaValueMax: "100" });
    const track = element("span", { className: "track" }, fill);
    root.append(element("span", { className: "label", textContent: words }), track, value);
    this.#bars.set(label, { root, fill, value });
    return root;
  }
}
