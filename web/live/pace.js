// @ts-check
/** How fast frames are taken, pure: as the person allows, and no faster than this machine can take them. */

export const MOST_IN_FLIGHT = 2;
/** Share of the time that taking pictures may cost. */
const LOAD = 0.75;
/** Weight of the newest measurement. */
const NEW = 0.2;

export class Pace {
  #costMs = 0;

  /** @param {number} capFps */
  constructor(capFps) {
    this.capFps = capFps;
  }

  /** How long one picture took from the moment it was due until it was a JPEG. @param {number} costMs */
  took(costMs) {
    this.#costMs += (costMs - this.#costMs) * NEW;
  }

  get fps() {
    return this.#costMs > 0 ? Math.min(this.capFps, (1000 * LOAD) / this.#costMs) : this.capFps;
  }

  /** A machine that can take less than half of what is allowed sends one after the other. */
  get inFlight() {
    return this.fps < this.capFps / 2 ? 1 : MOST_IN_FLIGHT;
  }
}
