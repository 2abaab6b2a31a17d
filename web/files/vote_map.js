// @ts-check
/** The vote opened up: what each member said of one of the faces that are shown, and which of them it is. */

import { element, setText } from "../dom.js";
import { topLabel } from "../percentages.js";
import * as texts from "./texts.js";
import { VoteTable } from "../vote_table.js";

/**
 * @typedef {object} VotedFace
 * @property {number} face_id
 * @property {string} top
 * @property {Record<string, number>} smoothed what the vote came to
 * @property {Record<string, Record<string, number>>} [votes] member -> its own
 */

export class VoteMap {
  #choice = element("select", { ariaLabel: texts.FILES.votesFace });
  #place = element("table", { className: "heat" });
  #table = new VoteTable(this.#place);
  #words = element("p", { className: "hint" });
  /** The members and labels that the table was made for. */
  #shape = "";
  /** @type {VotedFace[]} */
  #faces = [];
  /** @type {string[]} */
  #missing = [];

  /** @param {(faceId: number) => void} onChoose */
  constructor(onChoose) {
    const title = element("h4", { textContent: texts.FILES.votesTitle });
    const room = element("div", { className: "table-room", tabIndex: 0, ariaLabel: texts.FILES.votesTitle }, this.#place);
    room.setAttribute("role", "group");
    this.root = element("section", { className: "vote-map", hidden: true }, element("div", { className: "section-head" }, title, this.#choice), room, this.#words);
    this.#choice.addEventListener("change", () => onChoose(Number(this.#choice.value)));
  }

  /** @param {VotedFace[]} faces @param {string[]} missing members that did not answer @param {number | undefined} chosen */
  show(faces, missing, chosen) {
    this.#faces = faces.filter((face) => face.votes);
    this.#missing = missing;
    this.root.hidden = this.#faces.length === 0;
    const ids = this.#faces.map((face) => face.face_id);
    if ([...this.#choice.options].map((option) => option.value).join() !== ids.join()) {
      this.#choice.replaceChildren(...ids.map((id) => new Option(texts.faceName(id), String(id))));
      this.#choice.hidden = ids.length < 2;
    }
    if (chosen !== undefined && ids.includes(chosen)) this.#choice.value = String(chosen);
    this.#draw();
  }

  #draw() {
    const face = this.#faces.find((one) => String(one.face_id) === this.#choice.value);
    if (!face?.votes) return;
    const [members, labels] = [[...Object.keys(face.votes), ...this.#missing], Object.keys(face.smoothed)];
    if (this.#shape !== [...members, ...labels].join()) this.#table.start(members, labels);
    this.#shape = [...members, ...labels].join();
    this.#table.show(face.votes, face.smoothed, face.top, this.#missing);
    const tops = Object.values(face.votes).map(topLabel);
    setText(this.#words, texts.behind(tops.filter((top) => top === face.top).length, tops.length, face.top));
  }
}
