// @ts-check
/** Server-sent events while somebody looks: a hidden tab keeps none of the few connections that a browser has. */

import { openable } from "../key.js";

const AGAIN_MS = 3_000;

/**
 * @typedef {object} Listeners
 * @property {() => void} [opened] also after each loss
 * @property {() => void} [lost]
 * @property {Record<string, (data: any) => void>} on by the event's name
 */

export class Events {
  /** @type {EventSource | undefined} */
  #source;
  /** @type {Promise<string> | undefined} */
  #opening;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #again;
  #looked = () => (document.hidden ? this.#disconnect() : this.#connect());

  /** @param {string} path @param {Listeners} listeners */
  constructor(path, listeners) {
    this.path = path;
    this.listeners = listeners;
    document.addEventListener("visibilitychange", this.#looked);
    this.#looked();
  }

  close() {
    document.removeEventListener("visibilitychange", this.#looked);
    this.#disconnect();
  }

  async #connect() {
    if (this.#source || this.#opening) return;
    const opening = (this.#opening = openable(this.path));
    const address = await opening.catch(() => undefined);
    if (opening !== this.#opening) return;
    this.#opening = undefined;
    if (address) return this.#open(address);
    this.#later();
    this.listeners.lost?.();
  }

  /** @param {string} address */
  #open(address) {
    const source = new EventSource(address);
    this.#source = source;
    source.onopen = () => this.listeners.opened?.();
    source.onerror = () => this.#wasLost(source);
    for (const [name, listener] of Object.entries(this.listeners.on)) {
      source.addEventListener(name, (event) => listener(JSON.parse(event.data)));
    }
  }

  /** A browser tries again by itself, but not after an answer such as 503. @param {EventSource} source */
  #wasLost(source) {
    this.listeners.lost?.();
    if (source.readyState !== EventSource.CLOSED || source !== this.#source) return;
    this.#disconnect();
    this.#later();
  }

  #later() {
    this.#again = setTimeout(this.#looked, AGAIN_MS);
  }

  #disconnect() {
    clearTimeout(this.#again);
    this.#opening = undefined;
    this.#source?.close();
    this.#source = undefined;
  }
}
