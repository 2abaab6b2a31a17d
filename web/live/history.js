// @ts-check
/** The last while of every face, pure: what the timeline draws. Time is in seconds and always given. */

import { patienceMs } from "../patience.js";

/** @typedef {import("./wire.js").Probabilities} Probabilities */
/** @typedef {{ from: number, to: number }} Span */

/** A face that was away for longer leaves a gap in its lines, unless answers were as rare. */
const GAP_S = 0.7;

export class History {
  /** @type {Map<number, { at: number, sinceS: number, shares: Probabilities }[]>} face id -> oldest first */
  #faces = new Map();
  #lastS = -Infinity;

  /** @param {number} lengthS */
  constructor(lengthS) {
    this.lengthS = lengthS;
  }

  /** @param {number} atS @param {{ id: number, shares: Probabilities }[]} faces */
  add(atS, faces) {
    const sinceS = atS - this.#lastS;
    this.#lastS = atS;
    for (const { id, shares } of faces) {
      const points = this.#faces.get(id) ?? [];
      points.push({ at: atS, sinceS, shares });
      this.#faces.set(id, points);
    }
    this.#forget(atS - this.lengthS);
  }

  /** Ids of the faces that were seen in that time. */
  get ids() {
    return [...this.#faces.keys()].sort((a, b) => a - b);
  }

  /**
   * A face's moments and then, for each label, its values; null where the face was away.
   * @param {number | undefined} id
   * @param {string[]} labels
   * @returns {[number[], ...(number | null)[][]]}
   */
  columns(id, labels) {
    const times = /** @type {number[]} */ ([]);
    const lines = labels.map(() => /** @type {(number | null)[]} */ ([]));
    for (const { at, sinceS, shares } of (id !== undefined && this.#faces.get(id)) || []) {
      if (times.length > 0 && at - times[times.length - 1] > patienceMs(GAP_S * 1000, sinceS * 1000) / 1000) {
        times.push(at - GAP_S / 2);
        for (const line of lines) line.push(null);
      }
      times.push(at);
      labels.forEach((label, index) => lines[index].push(shares[label]));
    }
    return [times, ...lines];
  }

  /** As it is now; what is added or forgotten later does not change it. */
  copy() {
    const copy = new History(this.lengthS);
    for (const [id, points] of this.#faces) copy.#faces.set(id, [...points]);
    return copy;
  }

  clear() {
    this.#faces.clear();
  }

  /** @param {number} beforeS */
  #forget(beforeS) {
    for (const [id, points] of this.#faces) {
      const kept = points.findIndex((point) => point.at >= beforeS);
      if (kept === -1) this.#faces.delete(id);
      else points.splice(0, kept);
    }
  }
}

/**
 * The span made shorter or longer around its middle, within bounds.
 * @param {Span} span
 * @param {number} factor below 1 to see more of less
 * @param {Span} bounds
 * @returns {Span}
 */
export function zoomed(span, factor, bounds) {
  const length = Math.min(Math.max((span.to - span.from) * factor, 1), bounds.to - bounds.from);
  const middle = (span.from + span.to) / 2;
  const from = Math.min(Math.max(middle - length / 2, bounds.from), bounds.to - length);
  return { from, to: from + length };
}

/**
 * Where ticks stand on a span: whole seconds back from now, about six of them.
 * @param {number} now
 * @param {number} from
 * @param {number} to
 */
export function ticksBack(now, from, to) {
  const step = [1, 2, 5, 10].find((seconds) => (to - from) / seconds <= 7) ?? 10;
  const ticks = [];
  for (let back = Math.ceil((now - to) / step) * step; now - back >= from; back += step) ticks.unshift(now - back);
  return ticks;
}
