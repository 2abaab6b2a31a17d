// @ts-check
/** Probabilities as people read them, pure. */

/**
 * Whole percentages that sum to 100: the largest remainders are rounded up.
 * @param {Record<string, number>} probabilities
 * @returns {Record<string, number>}
 */
export function percentages(probabilities) {
  const shares = Object.entries(probabilities).map(([label, value]) => ({ label, exact: value * 100 }));
  const total = Math.round(shares.reduce((sum, share) => sum + share.exact, 0));
  const floors = shares.map(({ label, exact }) => ({ label, whole: Math.floor(exact), rest: exact - Math.floor(exact) }));
  const missing = total - floors.reduce((sum, share) => sum + share.whole, 0);
  const raised = new Set([...floors].sort((a, b) => b.rest - a.rest).slice(0, missing).map((share) => share.label));
  return Object.fromEntries(floors.map(({ label, whole }) => [label, whole + (raised.has(label) ? 1 : 0)]));
}

/**
 * The label with the highest probability. The page takes it from the smoothed values, so that word and bars agree.
 * @param {Record<string, number>} probabilities
 */
export function topLabel(probabilities) {
  return Object.entries(probabilities).reduce((best, entry) => (entry[1] > best[1] ? entry : best), ["", -1])[0];
}
