// @ts-check
/** Which frames wait for their answer, pure: a slot is taken when a frame is captured and freed by its one answer. */

export class InFlight {
  /** @type {Map<number, number>} frame id -> moment of capture in ms */
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
    this.#waiting.set(frameId, nowMs);
  }

  /**
   * Frees the slot and tells how long the answer took; undefined for a frame that does not wait.
   * @param {number} frameId
   * @param {number} nowMs
   */
  settle(frameId, nowMs) {
    const captured = this.#waiting.get(frameId);
    this.#waiting.delete(frameId);
    return captured === undefined ? undefined : nowMs - captured;
  }

  /** Age of the frame that waits longest. @param {number} nowMs */
  oldestMs(nowMs) {
    let age = 0;
    for (const captured of this.#waiting.values()) age = Math.max(age, nowMs - captured);
    return age;
  }

  /** Gives all slots up; tells how many there were. */
  clear() {
    const count = this.#waiting.size;
    this.#waiting.clear();
    return count;
  }
}
