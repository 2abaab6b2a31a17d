// @ts-check
/** One video on its way to the server; fetch tells nothing of how far an upload is, so it is an XMLHttpRequest. */

import { bearer, entered } from "../key.js";
import { Refused, refusal } from "../refused.js";

/** @typedef {{ sent: number, all: number, leftS: number | undefined }} Progress */

export class Upload {
  #request = new XMLHttpRequest();
  #startedMs = 0;

  /**
   * @param {File} file
   * @param {object} options of the job
   * @param {string} key the same for every try, so that an answer lost on its way makes no second job
   */
  constructor(file, options, key) {
    this.file = file;
    this.options = options;
    this.key = key;
  }

  /**
   * As `keyedFetch`: asks for a key when the server wants one, and sends again.
   * @param {(progress: Progress) => void} onProgress
   * @returns {Promise<import("./api.js").Job>} raises Refused; its code is `stopped` after stop()
   */
  async send(onProgress) {
    for (;;) {
      const shown = bearer();
      try {
        return await this.#sendOnce(shown, onProgress);
      } catch (error) {
        const wantsKey = error instanceof Refused && error.status === 401;
        if (!wantsKey || !(await entered(shown.Authorization))) throw error;
      }
    }
  }

  /**
   * @param {Record<string, string>} headers
   * @param {(progress: Progress) => void} onProgress
   * @returns {Promise<import("./api.js").Job>}
   */
  #sendOnce(headers, onProgress) {
    this.#startedMs = performance.now();
    const form = new FormData();
    form.append("options", JSON.stringify(this.options)); // first, so that bad ones are refused before the video is sent
    form.append("video", this.file, this.file.name);
    const request = this.#request;
    request.open("POST", "/v1/jobs");
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.setRequestHeader("Idempotency-Key", this.key);
    return new Promise((resolve, reject) => {
      request.upload.onprogress = ({ loaded }) => onProgress(this.#progress(loaded));
      request.onload = () =>
        request.status === 202
          ? resolve(JSON.parse(request.responseText))
          : reject(refusal(request.status, request.responseText));
      request.onerror = () => reject(new Refused("unreachable", "the connection was lost"));
      request.onabort = () => reject(new Refused("stopped", "stopped"));
      request.send(form);
    });
  }

  stop() {
    this.#request.abort();
  }

  /** @param {number} loaded */
  #progress(loaded) {
    const all = this.file.size;
    const sent = Math.min(loaded, all);
    const passedS = (performance.now() - this.#startedMs) / 1000;
    return { sent, all, leftS: passedS > 1 && sent > 0 ? (passedS / sent) * (all - sent) : undefined };
  }
}

/** Where the page is not served by https there is no randomUUID. */
export const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
