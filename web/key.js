// @ts-check
/**
 * The API key, where the server asks for one: the person enters it once, the tab keeps it (sessionStorage). Requests go
 * through `keyedFetch`; what a browser fetches by itself (a WebSocket, an event source, a video, a download) through
 * `ticketed`.
 */

import { Refused, refusal } from "./refused.js";
import { inTab } from "./storage.js";

const STORED = "thespis-key";
const TICKET_MS = 8_000;

/** The header that shows the key, for requests made without `keyedFetch`. @returns {Record<string, string>} */
export function bearer() {
  const key = inTab.getItem(STORED);
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/** The page is loaded anew, so that nothing goes on with it. */
export function forget() {
  inTab.removeItem(STORED);
  location.reload();
}

/**
 * `fetch` with the key. It is asked for when the server wants one, until it is good or the person gives up: then the
 * server's refusal is the answer.
 * @param {string} path
 * @param {RequestInit} [options]
 * @param {number} [timeoutMs] for each request; a person may take as long as they like
 */
export async function keyedFetch(path, options = {}, timeoutMs) {
  for (;;) {
    const shown = bearer();
    const headers = new Headers(options.headers);
    for (const [name, value] of Object.entries(shown)) headers.set(name, value);
    const signal = timeoutMs === undefined ? options.signal : AbortSignal.timeout(timeoutMs);
    const answer = await fetch(path, { ...options, headers, signal });
    if (answer.status !== 401 || !(await entered(shown.Authorization))) return answer;
  }
}

/**
 * The address with a ticket in its query, which opens that path for a moment without the key. Raises Refused.
 * @param {string} address of this server
 */
export async function ticketed(address) {
  const url = new URL(address, location.href);
  const wish = { method: "POST", body: JSON.stringify({ path: url.pathname }) };
  const answer = await keyedFetch("/v1/tickets", wish, TICKET_MS).catch((error) => {
    throw new Refused("unreachable", String(error));
  });
  if (!answer.ok) throw refusal(answer.status, await answer.text());
  const { ticket } = await answer.json();
  url.searchParams.set("ticket", ticket);
  return url.href;
}

/** For what the browser fetches by itself: the same path, with a ticket where a key was entered. @param {string} path */
export const openable = async (path) => (bearer().Authorization ? ticketed(path) : path);

/**
 * A link whose ticket is got when it is followed, so that it never grows old.
 * @param {HTMLAnchorElement} link
 * @param {(refused: unknown) => void} onRefused where there is none to be had
 */
export function followable(link, onRefused) {
  link.addEventListener("click", async (event) => {
    if (!bearer().Authorization) return;
    event.preventDefault();
    const once = /** @type {HTMLAnchorElement} */ (link.cloneNode());
    try {
      once.href = await ticketed(link.href);
    } catch (error) {
      return onRefused(error);
    }
    once.click();
  });
  return link;
}

/**
 * Says other words where a key is in use, from its entry on.
 * @template {HTMLElement} T
 * @param {T} target
 * @param {{ open: string, keyed: string }} words
 */
export function sayByKey(target, { open, keyed }) {
  target.textContent = bearer().Authorization ? keyed : open;
  target.dataset.keyed = keyed;
  return target;
}

/** One dialog, however many requests wait for it. @type {Promise<boolean> | undefined} */
let asking;

/**
 * Whether there is another key to try than the one that was refused.
 * @param {string | undefined} refused the header it was shown with
 */
export function entered(refused) {
  if (bearer().Authorization !== refused) return Promise.resolve(true);
  asking ??= ask(refused !== undefined).finally(() => (asking = undefined));
  return asking;
}

/** The dialog is loaded when it is needed; most servers on one's own machine ask for no key. @param {boolean} wasWrong */
async function ask(wasWrong) {
  const { askForKey } = await import("./key_dialog.js");
  const given = await askForKey(wasWrong);
  if (!given) return false;
  inTab.setItem(STORED, given);
  document.querySelectorAll("[data-keyed]").forEach((said) => (said.textContent = said.getAttribute("data-keyed")));
  return true;
}
