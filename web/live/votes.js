// @ts-check
/** The vote opened up: what each member said of the chosen face. */

import { byId, setText } from "../dom.js";
import { Patience } from "../patience.js";
import { topLabel } from "../percentages.js";
import * as texts from "./texts.js";
import { VoteTable } from "../vote_table.js";

/** They come with some of the results; those of before stand as long as this (longer where results are rare). */
const LINGER_MS = 1_000;

/** Share of the table that somebody must be able to see. */
const SEEN = 0.25;

export class Votes {
  #patience = new Patience(LINGER_MS);
  /** @type {number | undefined} whose numbers stand there */
  #shown;
  #table = new VoteTable(byId("votes-table"));
  /** Every member's vote costs the server some times what a face costs it otherwise: asked for only where it is seen. */
  inSight = false;

  /** @param {() => void} onSight the table has come into sight, or gone from it */
  constructor(onSight) {
    const look = (/** @type {IntersectionObserverEntry[]} */ entries) => {
      this.inSight = entries.at(-1)?.isIntersecting ?? false;
      onSight();
    };
    new IntersectionObserver(look, { threshold: SEEN }).observe(byId("votes-table"));
  }

  /** @param {string[]} members @param {string[]} labels */
  start(members, labels) {
    this.#table.start(members, labels);
  }

  /**
   * @param {number | undefined} chosen whose vote it is
   * @param {import("./wire.js").Result} result
   * @param {number} nowMs
   */
  update(chosen, { faces, members }, nowMs) {
    const face = faces.find(({ face_id: id }) => id === chosen);
    setText(byId("votes-face"), chosen === undefined ? "" : texts.faceName(chosen));
    if (chosen !== this.#shown) this.#clear();
    this.#shown = chosen;
    if (face?.votes) this.#patience.came(nowMs);
    byId("votes").classList.toggle("absent", this.#patience.isOver(nowMs));
    if (!face?.votes) return;
    const behind = Object.values(face.votes).filter((vote) => topLabel(vote) === face.top).length;
    setText(byId("votes-agreement"), texts.behind(behind, Object.keys(face.votes).length, face.top));
    this.#table.show(face.votes, face.probabilities, face.top, members.missing);
  }

  stop() {
    byId("votes").classList.add("absent");
    setText(byId("votes-face"), "");
    this.#clear();
  }

  #clear() {
    this.#patience = new Patience(LINGER_MS);
    setText(byId("votes-agreement"), "");
    this.#table.clear();
  }
}
