// @ts-check
/** How the labels' lines are told apart: by colour (style.css has `--label-angry` and the others) and by dashes, pure. */

/** @type {Record<string, number[]>} */
const DASHES = { disgust: [7, 4], fear: [2, 3], surprise: [9, 3, 2, 3], neutral: [1, 4] };

/** @param {string} label */
export const lineOf = (label) => ({ colour: `--label-${label}`, dash: DASHES[label] ?? [] });
