// @ts-check
/** How long something may be missed before it is said to be gone, pure: longer where answers are rare. */

const ANSWERS = 1.6;
const MOST_MS = 2_500;

/**
 * @param {number} leastMs where answers are frequent
 * @param {number} intervalMs between the last two
 */
export const patienceMs = (leastMs, intervalMs) => Math.max(leastMs, Math.min(ANSWERS * intervalMs, MOST_MS));
