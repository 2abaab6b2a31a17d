// @ts-check
/** The rows of a job from a cursor on, a page after the other, with a breath between them so that the page stays quick. */

import { results } from "./api.js";

const PAGE_ROWS = 2_000;

/**
 * @param {string} jobId
 * @param {string | null} cursor "0" for the first
 * @param {AbortSignal} signal
 * @param {(page: Awaited<ReturnType<typeof results>>) => void} onPage
 */
export async function loadRows(jobId, cursor, signal, onPage) {
  while (cursor !== null) {
    const page = await results(jobId, cursor, PAGE_ROWS, signal);
    signal.throwIfAborted();
    onPage(page);
    cursor = page.next;
    await new Promise((resolve) => setTimeout(resolve));
  }
}
