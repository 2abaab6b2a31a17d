// @ts-check
/** How long something may be missed before it is said to be gone, pure: longer where answers are rare. */

const ANSWERS = 1.6;
const MOST_MS = 2_500;

/**
 * @param {number} leastMs where answers are frequent
 * @param {number} intervalMs between the last two
 */
export const patienceMs = (leastMs, intervalMs) => Math.max(leastMs, Math.min(ANSWERS * intervalMs, MOST_MS));

/** With something that comes again and again: how long the next may take. */
export class Patience {
  #leastMs;
  #lastMs = -Infinity;
  #everyMs = Infinity;

  /** @param {number} leastMs where it comes often */
  constructor(leastMs) {
    this.#leastMs = leastMs;
  }

  /** @param {number} nowMs */
  came(nowMs) {
    [this.#everyMs, this.#lastMs] = [nowMs - this.#lastMs, nowMs];
  }

  /** Before it came twice nobody knows how often it comes: the most. */
  get ms() {
    return patienceMs(this.#leastMs, this.#everyMs);
  }

  /** @param {number} nowMs */
  isOver(nowMs) {
    return nowMs - this.#lastMs > this.ms;
  }
}
