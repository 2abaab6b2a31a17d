// @ts-check
/** The browser asks before the page is left, while there is something that would be lost with it. */

/** @type {Set<object>} */
const losers = new Set();

/** @param {object} loser who would lose something @param {boolean} would whether it would now */
export function askToStay(loser, would) {
  if (would) losers.add(loser);
  else losers.delete(loser);
  // Only while it is needed: a page that listens is not kept for going back.
  if (losers.size > 0) window.addEventListener("beforeunload", ask);
  else window.removeEventListener("beforeunload", ask);
}

/** @param {Event} event */
const ask = (event) => event.preventDefault();
