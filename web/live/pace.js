// @ts-check
/** How fast frames are taken, pure: as the person allows, and no faster than this machine can take them. */

import { percentile } from "./meters.js";

export const MOST_IN_FLIGHT = 2;
/** Share of the time that taking pictures may cost. */
const LOAD = 0.75;
/** Pictures of which the middle one counts: one that took long alone is no slow machine. */
const LAST = 9;

export class Pace {
  /** @type {number[]} */
  #costs = [];

  /** @param {number} capFps */
  constructor(capFps) {
    this.capFps = capFps;
  }

  /** How long one picture took from the moment it was due until it was a JPEG. @param {number} costMs */
  took(costMs) {
    this.#costs = [...this.#costs.slice(1 - LAST), costMs];
  }

  get fps() {
    const costMs = percentile(this.#costs, 0.5) ?? 0;
    return Math.min(this.capFps, (1000 * LOAD) / Math.max(1, costMs));
  }

  /** A machine that can take less than half of what is allowed sends one after the other. */
  get inFlight() {
    return this.fps < this.capFps / 2 ? 1 : MOST_IN_FLIGHT;
  }
}
