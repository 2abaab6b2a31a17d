// @ts-check
/** How long to wait before connecting again, pure. */

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * Doubles with each attempt; the upper half is left to chance, so that many pages do not come back at one moment.
 * @param {number} attempt 0 for the first
 * @param {number} chance 0 to 1
 */
export function backoffMs(attempt, chance) {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return Math.round(full / 2 + (full / 2) * chance);
}

/**
 * What a draining server asked for, and up to a quarter more.
 * @param {number} askedMs
 * @param {number} chance 0 to 1
 */
export function drainedMs(askedMs, chance) {
  return Math.round(askedMs * (1 + chance / 4));
}
