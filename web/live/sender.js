// @ts-check
/** The loop that takes frames and sends them: at its pace, into free slots, none from a hidden tab. */

import { Pace } from "./pace.js";

export class Sender {
  #frameId = 0;
  #due = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {Promise<void>} done when all frames so far are sent */
  #sending = Promise.resolve();
  pace = new Pace(25);

  /**
   * @param {import("./shutter.js").Shutter} shutter
   * @param {import("./stream.js").Stream} stream
   * @param {() => void} onSent
   */
  constructor(shutter, stream, onSent) {
    this.shutter = shutter;
    this.stream = stream;
    this.onSent = onSent;
  }

  start() {
    this.#due = performance.now();
    this.#tick();
  }

  stop() {
    clearTimeout(this.#timer);
  }

  #tick() {
    const now = performance.now();
    this.stream.checkHealth();
    const mayTake = !document.hidden && this.stream.canSend(this.pace.inFlight) && this.shutter.hasNewPicture;
    if (mayTake) this.#sendFrame(Math.min(this.#due, now));
    const period = 1000 / this.pace.fps;
    this.#due = this.#due + period > now ? this.#due + period : now + period;
    this.#timer = setTimeout(() => this.#tick(), this.#due - now);
  }

  /** Two pictures may be encoded at once and the later be ready first; they are sent in their order all the same. @param {number} dueMs */
  #sendFrame(dueMs) {
    const frameId = ++this.#frameId;
    const captureUs = (performance.timeOrigin + performance.now()) * 1000;
    this.stream.reserve(frameId);
    const taking = this.#taken(frameId, dueMs);
    this.#sending = Promise.all([taking, this.#sending]).then(([jpeg]) => {
      if (jpeg && !document.hidden && this.stream.send(frameId, captureUs, jpeg)) return this.onSent();
      this.stream.abandon(frameId);
      return this.shutter.forget(frameId);
    });
  }

  /** The JPEG, or nothing: a picture that can't be had must not hold up those after it. @param {number} frameId @param {number} dueMs */
  async #taken(frameId, dueMs) {
    try {
      const jpeg = await this.shutter.take(frameId);
      this.pace.took(performance.now() - dueMs);
      return jpeg;
    } catch {
      return undefined;
    }
  }
}
