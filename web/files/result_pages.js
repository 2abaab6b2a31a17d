// @ts-check
/** All rows of a job, a page after the other, with a breath between them so that the page stays quick. */

import { results } from "./api.js";

const PAGE_ROWS = 2_000;

/**
 * @param {string} jobId
 * @param {AbortSignal} signal
 * @param {(rows: import("./rows.js").Row[]) => void} onPage
 */
export async function loadRows(jobId, signal, onPage) {
  /** @type {string | null} */
  let cursor = "0";
  while (cursor !== null) {
    const page = await results(jobId, cursor, PAGE_ROWS, signal);
    signal.throwIfAborted();
    onPage(page.rows);
    cursor = page.next;
    await new Promise((resolve) => setTimeout(resolve));
  }
}
