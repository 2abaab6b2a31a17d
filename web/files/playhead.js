// @ts-check
/** The moment that is shown. Player, timeline and keys move it; everything that depends on it listens. */

export class Playhead {
  time = 0;
  /** @type {((time: number, jumped: boolean) => void)[]} */
  #listeners = [];

  /** @param {number} startS @param {number} endS */
  constructor(startS, endS) {
    this.startS = startS;
    this.endS = endS;
    this.time = startS;
  }

  /** @param {(time: number, jumped: boolean) => void} listener `jumped` when a person chose the place */
  listen(listener) {
    this.#listeners.push(listener);
  }

  /** To a place that a person chose. @param {number} time */
  jump(time) {
    this.#move(time, true);
  }

  /** Along with the video. @param {number} time */
  follow(time) {
    this.#move(time, false);
  }

  /** Tells everybody again, because there is more to show now. */
  refresh() {
    this.#move(this.time, false);
  }

  /** @param {number} time @param {boolean} jumped */
  #move(time, jumped) {
    this.time = Math.min(this.endS, Math.max(this.startS, time));
    for (const listener of this.#listeners) listener(this.time, jumped);
  }
}
