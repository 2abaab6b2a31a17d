// @ts-check
/** A panel per face: its name, its top label in words, seven bars. Bars move by transform only. */

import { percentages, topLabel } from "./percentages.js";
import * as texts from "./texts.js";

const COLOURS = 6;
/** A face that is missed in a few frames keeps its (faded) panel this long, so that nothing jumps. */
const LINGER_MS = 1_000;

/**
 * @typedef {object} ShownFace
 * @property {number} id
 * @property {number} colour
 * @property {import("./frame.js").Box} box
 * @property {string} top
 * @property {boolean} uncertain
 * @property {number} agreement percent
 * @property {import("./frame.js").Probabilities} smoothed
 * @property {Record<string, number>} percent whole, summing to 100
 */

/** @param {import("./frame.js").Face} face @returns {ShownFace} */
export function shown(face) {
  return {
    id: face.face_id,
    colour: face.face_id % COLOURS,
    box: face.box,
    top: topLabel(face.smoothed),
    uncertain: face.uncertain,
    agreement: Math.round(face.agreement * 100),
    smoothed: face.smoothed,
    percent: percentages(face.smoothed),
  };
}

class Panel {
  /** @type {Map<string, { root: HTMLElement, fill: HTMLElement, value: HTMLElement }>} */
  #bars = new Map();
  seenAt = 0;

  /** @param {ShownFace} face @param {string[]} labels */
  constructor(face, labels) {
    const title = `face-title-${face.id}`;
    this.root = element("article", { className: "face" });
    this.root.dataset.faceId = String(face.id);
    this.root.dataset.colour = String(face.colour);
    this.root.setAttribute("aria-labelledby", title);
    this.name = element("h2", { className: "face-name", id: title, textContent: texts.faceName(face.id) });
    this.tag = element("span", { className: "tag", textContent: texts.TEXTS.uncertain });
    this.top = element("p", { className: "face-top" });
    this.note = element("p", { className: "face-note" });
    const head = element("div", { className: "face-head" });
    const bars = element("div", { className: "bars" });
    head.append(this.name, this.tag);
    bars.append(...labels.map((label) => this.#bar(label, face.id)));
    this.root.append(head, this.top, bars, this.note);
  }

  /** @param {string} label @param {number} id */
  #bar(label, id) {
    const root = element("div", { className: "bar" });
    const fill = element("span", { className: "fill" });
    const track = element("span", { className: "track" });
    const value = element("span", { className: "value" });
    root.dataset.label = label;
    const meter = { role: "meter", "aria-label": `${texts.faceName(id)}, ${label}`, "aria-valuemin": "0", "aria-valuemax": "100" };
    for (const [name, text] of Object.entries(meter)) root.setAttribute(name, text);
    track.append(fill);
    root.append(element("span", { className: "label", textContent: label }), track, value);
    this.#bars.set(label, { root, fill, value });
    return root;
  }

  /** @param {ShownFace} face @param {number} nowMs */
  update(face, nowMs) {
    this.seenAt = nowMs;
    this.root.classList.remove("absent");
    this.root.classList.toggle("uncertain", face.uncertain);
    setText(this.top, texts.topWords(face.top, face.uncertain));
    setText(this.note, texts.agreement(face.agreement));
    for (const [label, bar] of this.#bars) {
      const percent = face.percent[label] ?? 0;
      bar.root.classList.toggle("top", label === face.top);
      bar.root.setAttribute("aria-valuenow", String(percent));
      bar.root.setAttribute("aria-valuetext", `${percent} %`);
      bar.fill.style.transform = `translateX(${((face.smoothed[label] ?? 0) * 100 - 100).toFixed(2)}%)`;
      setText(bar.value, `${percent} %`);
    }
  }
}

export class Panels {
  /** @type {Map<number, Panel>} */
  #panels = new Map();
  /** @type {string[]} */
  labels = [];

  /** @param {HTMLElement} list @param {HTMLElement} emptyNote */
  constructor(list, emptyNote) {
    this.list = list;
    this.emptyNote = emptyNote;
  }

  /** @param {ShownFace[]} faces @param {number} nowMs */
  update(faces, nowMs) {
    for (const face of faces) this.#panelOf(face).update(face, nowMs);
    for (const [id, panel] of this.#panels) {
      if (nowMs - panel.seenAt > LINGER_MS) this.#remove(id, panel);
      else if (panel.seenAt !== nowMs) panel.root.classList.add("absent");
    }
    this.emptyNote.hidden = this.#panels.size > 0;
  }

  clear() {
    for (const [id, panel] of this.#panels) this.#remove(id, panel);
    this.emptyNote.hidden = false;
  }

  /** @param {ShownFace} face */
  #panelOf(face) {
    const known = this.#panels.get(face.id);
    if (known) return known;
    const panel = new Panel(face, this.labels.length > 0 ? this.labels : Object.keys(face.percent));
    const after = [...this.#panels].filter(([id]) => id > face.id).sort(([a], [b]) => a - b)[0];
    this.list.insertBefore(panel.root, after ? after[1].root : null);
    this.#panels.set(face.id, panel);
    return panel;
  }

  /** @param {number} id @param {Panel} panel */
  #remove(id, panel) {
    panel.root.remove();
    this.#panels.delete(id);
  }
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Partial<HTMLElementTagNameMap[T]>} properties
 * @returns {HTMLElementTagNameMap[T]}
 */
function element(tag, properties) {
  return Object.assign(document.createElement(tag), properties);
}

/** Writes only what changed: most frames change little. @param {HTMLElement} target @param {string} text */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
