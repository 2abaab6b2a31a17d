// @ts-check
/** A panel per face, side by side: its name, its top label in words, its bars. */

import { Bars } from "./bars.js";
import { element, setText } from "./dom.js";
import { Patience } from "./patience.js";
import * as texts from "./texts.js";

/** @typedef {import("./bars.js").ShownFace} ShownFace */

/** A face that is missed in a few frames keeps its (faded) panel this long (longer where they are rare), so that nothing jumps. */
const LINGER_MS = 1_000;

/** @typedef {{ onChoose: (id: number) => void, onExplain?: (id: number) => void }} Actions */

class Panel {
  seenAt = 0;

  /** @param {ShownFace} face @param {string[]} labels @param {Actions} actions */
  constructor(face, labels, { onChoose, onExplain }) {
    const name = texts.faceName(face.id);
    this.bars = new Bars(name, labels);
    this.top = element("p", { className: "face-top" });
    this.note = element("p", { className: "face-note" });
    this.choose = element("button", { type: "button", className: "face-name", textContent: name });
    this.choose.title = texts.TEXTS.chooseFace;
    this.choose.addEventListener("click", () => onChoose(face.id));
    const head = element(
      "div",
      { className: "face-head" },
      element("h2", {}, this.choose),
      element("span", { className: "tag", textContent: texts.TEXTS.uncertain }),
    );
    const foot = element("div", { className: "face-foot" }, this.note, ...(onExplain ? [explainButton(face.id, onExplain)] : []));
    this.root = element("article", { className: "face card" }, head, this.top, this.bars.root, foot);
    this.root.dataset.faceId = String(face.id);
    this.root.dataset.colour = String(face.colour);
    this.root.ariaLabel = name;
  }

  /** @param {ShownFace} face @param {number} nowMs */
  update(face, nowMs) {
    this.seenAt = nowMs;
    this.root.classList.remove("absent");
    this.root.classList.toggle("uncertain", face.uncertain);
    setText(this.top, texts.topWords(face.top, face.uncertain));
    setText(this.note, texts.agreement(face.agreement, face.topNow, face.top));
    this.bars.update(face);
  }
}

/** @param {number} id @param {(id: number) => void} onExplain */
function explainButton(id, onExplain) {
  const button = element("button", { type: "button", className: "link", textContent: texts.TEXTS.explain });
  button.setAttribute("aria-label", texts.explainName(id));
  button.addEventListener("click", () => onExplain(id));
  return button;
}

export class Panels {
  /** @type {Map<number, Panel>} */
  #panels = new Map();
  /** @type {string[]} */
  labels = [];
  #patience = new Patience(LINGER_MS);

  /** @param {HTMLElement} list @param {HTMLElement} emptyNote @param {Actions} actions */
  constructor(list, emptyNote, actions) {
    this.actions = actions;
    this.list = list;
    this.emptyNote = emptyNote;
  }

  /** @param {ShownFace[]} faces @param {number} nowMs */
  update(faces, nowMs) {
    if (faces.length > 0) this.#patience.came(nowMs);
    for (const face of faces) this.#panelOf(face).update(face, nowMs);
    for (const [id, panel] of this.#panels) {
      if (nowMs - panel.seenAt > this.#patience.ms) this.#remove(id, panel);
      else if (panel.seenAt !== nowMs) panel.root.classList.add("absent");
    }
    this.emptyNote.hidden = this.#panels.size > 0;
  }

  /** @param {number | undefined} chosen */
  markChosen(chosen) {
    for (const [id, panel] of this.#panels) panel.choose.ariaPressed = String(id === chosen);
  }

  clear() {
    for (const [id, panel] of this.#panels) this.#remove(id, panel);
    this.emptyNote.hidden = false;
  }

  /** @param {ShownFace} face */
  #panelOf(face) {
    const known = this.#panels.get(face.id);
    if (known) return known;
    const panel = new Panel(face, this.labels.length > 0 ? this.labels : Object.keys(face.percent), this.actions);
    const after = [...this.#panels].filter(([id]) => id > face.id).sort(([a], [b]) => a - b)[0];
    this.list.insertBefore(panel.root, after ? after[1].root : null);
    this.#panels.set(face.id, panel);
    return panel;
  }

  /** @param {number} id @param {Panel} panel */
  #remove(id, panel) {
    const focused = panel.root.contains(document.activeElement);
    panel.root.remove();
    this.#panels.delete(id);
    if (focused) this.#keepFocus();
  }

  /** It must not fall back to the page's start when the face that had it is gone. */
  #keepFocus() {
    const [next] = this.#panels.values();
    if (next) return next.choose.focus();
    this.list.tabIndex = -1;
    this.list.focus();
  }
}
