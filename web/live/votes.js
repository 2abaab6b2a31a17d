// @ts-check
/** The vote opened up: a heat map of members × labels for the chosen face, as a table that can also be read aloud. */

import { byId, element, setText } from "../dom.js";
import { percentages } from "../percentages.js";
import * as texts from "../texts.js";

const REDRAW_MS = 200;
/** From here on a cell is dark enough for light words. */
const STRONG = 0.55;

export class Votes {
  #drawnAt = 0;
  /** @type {Map<string, { row: HTMLElement, cells: Map<string, HTMLElement> }>} by member; "" is the vote itself */
  #rows = new Map();

  /** @param {string[]} members @param {string[]} labels */
  start(members, labels) {
    const head = element("tr", {}, element("td"), ...labels.map((label) => heading(texts.label(label), "col")));
    byId("votes-head").replaceChildren(head);
    this.#rows = new Map([...members, ""].map((member) => [member, makeRow(member, labels)]));
    byId("votes-body").replaceChildren(...[...this.#rows.values()].map(({ row }) => row));
  }

  /**
   * @param {number | undefined} chosen whose vote it is
   * @param {import("./wire.js").Result} result
   * @param {number} nowMs
   */
  update(chosen, { faces, members }, nowMs) {
    if (nowMs - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = nowMs;
    const face = faces.find(({ face_id: id }) => id === chosen);
    setText(byId("votes-face"), chosen === undefined ? "" : texts.faceName(chosen));
    byId("votes").classList.toggle("absent", !face?.votes);
    if (face?.votes) this.#show({ ...face.votes, "": face.probabilities }, face.top, members);
  }

  /**
   * @param {Record<string, import("./wire.js").Probabilities>} votes by member; "" is the vote itself
   * @param {string} top
   * @param {import("./wire.js").Members} members
   */
  #show({ "": all, ...votes }, top, { missing }) {
    const behind = Object.values(votes).filter((vote) => topOf(vote) === top).length;
    setText(byId("votes-agreement"), texts.behind(behind, Object.keys(votes).length, top));
    for (const [member, row] of this.#rows) {
      const vote = member === "" ? all : votes[member];
      this.#fill(row, vote, vote && topOf(vote));
      row.row.classList.toggle("missing", !vote && missing.includes(member));
    }
  }

  stop() {
    byId("votes").classList.add("absent");
    setText(byId("votes-face"), "");
    setText(byId("votes-agreement"), "");
    for (const row of this.#rows.values()) this.#fill(row, undefined, undefined);
  }

  /**
   * @param {{ cells: Map<string, HTMLElement> }} row
   * @param {import("./wire.js").Probabilities | undefined} shares
   * @param {string | undefined} top
   */
  #fill({ cells }, shares, top) {
    const percent = shares && percentages(shares);
    for (const [label, cell] of cells) {
      const share = shares?.[label] ?? 0;
      cell.style.setProperty("--share", share.toFixed(3));
      cell.classList.toggle("strong", share >= STRONG);
      cell.classList.toggle("top", label === top);
      setText(cell, percent ? String(percent[label]) : "–");
    }
  }
}

/** @param {import("./wire.js").Probabilities} shares */
const topOf = (shares) => Object.entries(shares).reduce((best, one) => (one[1] > best[1] ? one : best))[0];

/** @param {string} words @param {string} scope */
function heading(words, scope) {
  return element("th", { scope }, element("span", { textContent: words }));
}

/** @param {string} member @param {string[]} labels */
function makeRow(member, labels) {
  const cells = new Map(labels.map((label) => [label, element("td", { textContent: "–" })]));
  const name = heading(member || texts.TEXTS.voteOfAll, "row");
  name.append(element("span", { className: "missing-note", textContent: texts.TEXTS.noAnswer }));
  const row = element("tr", { className: member ? "member" : "vote-of-all" }, name, ...cells.values());
  row.dataset.member = member;
  return { row, cells };
}
