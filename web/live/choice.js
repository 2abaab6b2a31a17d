// @ts-check
/** Which face the vote and the timeline are of, pure: the one a person chose while it is known, else the largest. */

export class Choice {
  /** @type {number | undefined} */
  #chosen;
  /** @type {number | undefined} */
  current;

  /** @param {number} id */
  choose(id) {
    this.#chosen = this.current = id;
  }

  /**
   * @param {number[]} present largest first
   * @param {number[]} known every face of the last while
   */
  update(present, known) {
    if (this.#chosen !== undefined && known.includes(this.#chosen)) return;
    this.#chosen = undefined;
    if (this.current === undefined || !present.includes(this.current)) this.current = present[0] ?? this.#stillKnown(known);
  }

  /** @param {number[]} known */
  #stillKnown(known) {
    return this.current !== undefined && known.includes(this.current) ? this.current : undefined;
  }
}
