// @ts-check
/** Rates, percentiles and counts of what happened lately, pure: time is always given. */

/** Values of the last while. */
export class Window {
  /** @type {{ at: number, value: number }[]} oldest first */
  #entries = [];

  /** @param {number} lengthMs */
  constructor(lengthMs) {
    this.lengthMs = lengthMs;
  }

  /** @param {number} nowMs @param {number} value */
  add(nowMs, value) {
    this.#entries.push({ at: nowMs, value });
    this.#forget(nowMs);
  }

  /** @param {number} nowMs */
  values(nowMs) {
    this.#forget(nowMs);
    return this.#entries.map((entry) => entry.value);
  }

  /** @param {number} nowMs */
  #forget(nowMs) {
    const kept = this.#entries.findIndex((entry) => entry.at > nowMs - this.lengthMs);
    this.#entries.splice(0, kept === -1 ? this.#entries.length : kept);
  }
}

/** Events a second over the last while; honest from the first moment on. */
export class Rate {
  /** @type {number | undefined} */
  #since;
  #events;

  /** @param {number} lengthMs */
  constructor(lengthMs) {
    this.#events = new Window(lengthMs);
  }

  /** @param {number} nowMs */
  add(nowMs) {
    this.#since ??= nowMs;
    this.#events.add(nowMs, 1);
  }

  /** @param {number} nowMs */
  perSecond(nowMs) {
    if (this.#since === undefined) return 0;
    const span = Math.min(this.#events.lengthMs, nowMs - this.#since);
    return this.#events.values(nowMs).length / (Math.max(span, 500) / 1000);
  }
}

/** How often each reason came up. */
export class Tally {
  /** @type {Record<string, number>} */
  counts = {};

  /** @param {string} reason @param {number} [times] */
  add(reason, times = 1) {
    if (times > 0) this.counts[reason] = (this.counts[reason] ?? 0) + times;
  }

  get total() {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }
}

/**
 * Nearest rank; undefined of nothing.
 * @param {number[]} values
 * @param {number} share 0 to 1
 */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
