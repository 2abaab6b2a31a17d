// @ts-check
/** The vote opened up: what each member said of the chosen face. */

import { byId, setText } from "../dom.js";
import { topLabel } from "../percentages.js";
import * as texts from "../texts.js";
import { VoteTable } from "../vote_table.js";

/** @typedef {import("./wire.js").Face} Face */

const REDRAW_MS = 200;

export class Votes {
  #drawnAt = 0;
  #table = new VoteTable(byId("votes-table"));

  /** @param {string[]} members @param {string[]} labels */
  start(members, labels) {
    this.#table.start(members, labels);
  }

  /** @param {Face | undefined} face @param {import("./wire.js").Members} members @param {number} nowMs */
  update(face, members, nowMs) {
    if (nowMs - this.#drawnAt < REDRAW_MS) return;
    this.#drawnAt = nowMs;
    byId("votes").classList.toggle("absent", !face?.votes);
    if (!face?.votes) return;
    setText(byId("votes-face"), texts.faceName(face.face_id));
    const behind = Object.values(face.votes).filter((vote) => topLabel(vote) === face.top).length;
    setText(byId("votes-agreement"), texts.behind(behind, Object.keys(face.votes).length, face.top));
    this.#table.show(face.votes, face.probabilities, face.top, members.missing);
  }

  stop() {
    byId("votes").classList.add("absent");
    setText(byId("votes-agreement"), "");
    this.#table.clear();
  }
}
