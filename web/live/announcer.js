// @ts-check
/** Tells screen readers each face's top label: politely, when it changed, and at most once a second. */

import { byId, setText } from "../dom.js";
import * as texts from "./texts.js";

const EVERY_MS = 1_000;

export class Announcer {
  #saidAt = -EVERY_MS;

  /** @param {import("../bars.js").ShownFace[]} faces @param {number} nowMs */
  say(faces, nowMs) {
    if (nowMs - this.#saidAt < EVERY_MS) return;
    this.#saidAt = nowMs;
    setText(byId("announcer"), texts.announcement(faces));
  }

  clear() {
    setText(byId("announcer"), "");
  }
}
