// @ts-check
/** Which frames wait for their answer, pure: a slot is taken when a frame is captured and freed by its one answer. */

/** @typedef {{ takingMs: number, totalMs: number }} Waited until it was sent, and in all */

export class InFlight {
  /** @type {Map<number, { captured: number, sent: number }>} moments in ms, by frame id */
  #waiting = new Map();

  /** @param {number} capacity */
  constructor(capacity) {
    this.capacity = capacity;
  }

  get size() {
    return this.#waiting.size;
  }

  get hasRoom() {
    return this.#waiting.size < this.capacity;
  }

  /** @param {number} frameId */
  has(frameId) {
    return this.#waiting.has(frameId);
  }

  /** @param {number} frameId @param {number} nowMs */
  take(frameId, nowMs) {
    this.#waiting.set(frameId, { captured: nowMs, sent: nowMs });
  }

  /** @param {number} frameId @param {number} nowMs */
  sent(frameId, nowMs) {
    const frame = this.#waiting.get(frameId);
    if (frame) frame.sent = nowMs;
  }

  /**
   * Frees the slot and tells how long it took; undefined for a frame that does not wait.
   * @param {number} frameId
   * @param {number} nowMs
   * @returns {Waited | undefined}
   */
  settle(frameId, nowMs) {
    const frame = this.#waiting.get(frameId);
    this.#waiting.delete(frameId);
    return frame && { takingMs: frame.sent - frame.captured, totalMs: nowMs - frame.captured };
  }

  /** Age of the frame that waits longest. @param {number} nowMs */
  oldestMs(nowMs) {
    let age = 0;
    for (const { captured } of this.#waiting.values()) age = Math.max(age, nowMs - captured);
    return age;
  }

  /** Gives all slots up; tells how many there were. */
  clear() {
    const count = this.#waiting.size;
    this.#waiting.clear();
    return count;
  }
}
