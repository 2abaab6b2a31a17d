// @ts-check
/** The vote opened up: what each member said of a face, as a heat map of members × labels. */

import { element, setText } from "./dom.js";
import * as texts from "./texts.js";

/** @typedef {Record<string, number>} Probabilities */
/**
 * @typedef {object} VotedFace
 * @property {number} face_id
 * @property {string} top
 * @property {number} agreement 0 to 1
 * @property {Probabilities} smoothed what the vote came to
 * @property {Record<string, Probabilities>} [votes] member -> its own
 */

export class VoteMap {
  #choice = element("select", { ariaLabel: texts.VOTES.face });
  #table = element("table");
  #words = element("p", { className: "hint" });
  /** @type {Map<string, HTMLTableCellElement[]>} member -> its cells */
  #cells = new Map();
  /** What the table was made for. */
  #shape = "";
  /** @type {VotedFace[]} */
  #faces = [];
  /** @type {string[]} */
  #missing = [];

  constructor() {
    const head = element("div", { className: "votes-head" }, element("h4", { textContent: texts.VOTES.title }), this.#choice);
    const scroller = element("div", { className: "votes-scroller", tabIndex: 0, ariaLabel: texts.VOTES.title }, this.#table);
    scroller.setAttribute("role", "region");
    this.root = element("section", { className: "votes", hidden: true }, head, scroller, this.#words);
    this.#choice.addEventListener("change", () => this.#draw());
  }

  /** @param {VotedFace[]} faces @param {{ missing: string[] }} members */
  show(faces, { missing }) {
    this.#faces = faces.filter((face) => face.votes);
    this.#missing = missing;
    this.root.hidden = this.#faces.length === 0;
    if (this.root.hidden) return;
    const ids = this.#faces.map((face) => String(face.face_id));
    const chosen = ids.includes(this.#choice.value) ? this.#choice.value : ids[0];
    if ([...this.#choice.options].map((option) => option.value).join() !== ids.join()) {
      this.#choice.replaceChildren(...ids.map((id) => new Option(texts.faceName(Number(id)), id)));
    }
    this.#choice.value = chosen;
    this.#choice.hidden = ids.length < 2;
    this.#draw();
  }

  #draw() {
    const face = this.#faces.find((one) => String(one.face_id) === this.#choice.value);
    if (!face?.votes) return;
    const labels = Object.keys(face.smoothed);
    const members = [...Object.keys(face.votes), ...this.#missing];
    if (this.#shape !== [...labels, ...members].join()) this.#build(labels, members);
    for (const [member, cells] of this.#cells) {
      const said = member === texts.VOTES.together ? face.smoothed : face.votes[member];
      labels.forEach((label, at) => fill(cells[at], said?.[label], label === face.top));
    }
    setText(this.#words, texts.voteWords(face.face_id, face.top, Math.round(face.agreement * 100), this.#missing));
  }

  /** @param {string[]} labels @param {string[]} members */
  #build(labels, members) {
    this.#shape = [...labels, ...members].join();
    this.#cells.clear();
    const head = element("tr", {}, element("td"), ...labels.map((label) => header("col", texts.label(label))));
    const rows = [...members, texts.VOTES.together].map((member) => {
      const cells = labels.map(() => element("td"));
      this.#cells.set(member, cells);
      const row = element("tr", {}, header("row", member), ...cells);
      row.classList.toggle("missing", this.#missing.includes(member));
      row.classList.toggle("together", member === texts.VOTES.together);
      return row;
    });
    this.#table.replaceChildren(element("thead", {}, head), element("tbody", {}, ...rows));
  }
}

/** @param {string} scope @param {string} words */
const header = (scope, words) => element("th", { scope, textContent: words });

/** @param {HTMLElement} cell @param {number | undefined} share @param {boolean} isTop */
function fill(cell, share, isTop) {
  const known = share !== undefined && !Number.isNaN(share);
  cell.style.setProperty("--share", String(known ? share : 0));
  cell.classList.toggle("top", isTop);
  setText(cell, known ? String(Math.round(share * 100)) : "–");
}
