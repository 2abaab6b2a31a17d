// @ts-check
/** The loop that takes frames and sends them: at its pace, into free slots, none from a hidden tab. */

import { Pace } from "./pace.js";

export class Sender {
  #frameId = 0;
  #due = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
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

  /** @param {number} dueMs */
  async #sendFrame(dueMs) {
    const frameId = ++this.#frameId;
    const captureUs = (performance.timeOrigin + performance.now()) * 1000;
    this.stream.reserve(frameId);
    const jpeg = await this.shutter.take(frameId);
    this.pace.took(performance.now() - dueMs);
    if (jpeg && !document.hidden && this.stream.send(frameId, captureUs, jpeg)) return this.onSent();
    this.stream.abandon(frameId);
    this.shutter.forget(frameId);
  }
}
