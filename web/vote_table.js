// @ts-check
/** What each member said of one face, as a heat map of members × labels: a table that can also be read aloud. */

import { element, setText } from "./dom.js";
import { percentages, topLabel } from "./percentages.js";
import * as texts from "./texts.js";

/** @typedef {Record<string, number>} Probabilities */

export class VoteTable {
  /** @type {Map<string, { row: HTMLElement, cells: Map<string, HTMLElement> }>} by member; "" is the vote itself */
  #rows = new Map();
  #head = element("thead");
  #body = element("tbody");

  /** @param {HTMLElement} table */
  constructor(table) {
    table.replaceChildren(this.#head, this.#body);
  }

  /** @param {string[]} members @param {string[]} labels */
  start(members, labels) {
    this.#head.replaceChildren(element("tr", {}, element("td"), ...labels.map((label) => heading(texts.label(label), "col"))));
    this.#rows = new Map([...members, ""].map((member) => [member, makeRow(member, labels)]));
    this.#body.replaceChildren(...[...this.#rows.values()].map(({ row }) => row));
  }

  /**
   * @param {Record<string, Probabilities>} votes member -> its own
   * @param {Probabilities} together what the vote came to
   * @param {string} top
   * @param {string[]} missing members that did not answer
   */
  show(votes, together, top, missing) {
    for (const [member, row] of this.#rows) {
      if (member === "") fill(row, together, top);
      else fill(row, votes[member], votes[member] && topLabel(votes[member]));
      row.row.classList.toggle("missing", member !== "" && !votes[member] && missing.includes(member));
    }
  }

  clear() {
    for (const row of this.#rows.values()) fill(row, undefined, undefined);
  }
}

/**
 * @param {{ cells: Map<string, HTMLElement> }} row
 * @param {Probabilities | undefined} shares
 * @param {string | undefined} top
 */
function fill({ cells }, shares, top) {
  const percent = shares && percentages(shares);
  for (const [label, cell] of cells) {
    const share = shares?.[label] ?? 0;
    cell.style.setProperty("--share", share.toFixed(3));
    cell.classList.toggle("top", label === top);
    setText(cell, percent ? String(percent[label]) : "–");
  }
}

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
