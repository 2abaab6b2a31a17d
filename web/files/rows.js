// @ts-check
/** A job's rows in columns, pure: an hour of video is some ten thousand rows, which as objects would fill the memory. */

/** @typedef {import("../geometry.js").Box} Box */
/** @typedef {Record<string, number>} Probabilities */
/**
 * One row as the server sends it.
 * @typedef {object} Row
 * @property {number} time_s
 * @property {number} frame the number of the moment
 * @property {number} face_id
 * @property {Box} box
 * @property {Probabilities} smoothed
 * @property {string} top
 * @property {number} agreement
 * @property {boolean} uncertain
 * @property {Record<string, Probabilities>} [votes]
 */
/** @typedef {Float64ArrayConstructor | Float32ArrayConstructor | Uint32ArrayConstructor | Uint8ArrayConstructor} Kind */

/** Numbers of one kind, `width` of them a row, which grow as needed. */
class Column {
  /** @param {Kind} kind @param {number} [width] */
  constructor(kind, width = 1) {
    this.width = width;
    this.values = new kind(1024 * width);
    this.length = 0;
  }

  /** @param {number} value */
  push(value) {
    if (this.length === this.values.length) {
      const larger = new /** @type {Kind} */ (this.values.constructor)(this.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }

  /** @param {number} row @param {number} [at] */
  get(row, at = 0) {
    return this.values[row * this.width + at];
  }
}

export class Rows {
  count = 0;
  /** @type {Map<number, Column>} face id -> its rows */
  #ofFace = new Map();
  #time = new Column(Float64Array);
  #frame = new Column(Uint32Array);
  #face = new Column(Uint32Array);
  #box = new Column(Float32Array, 4);
  #top = new Column(Uint8Array);
  #agreement = new Column(Float32Array);
  #uncertain = new Column(Uint8Array);

  /**
   * @param {string[]} labels
   * @param {string[]} [members] whose votes the rows carry
   */
  constructor(labels, members = []) {
    this.labels = labels;
    this.members = members;
    this.smoothed = new Column(Float32Array, labels.length);
    this.votes = new Column(Float32Array, labels.length * members.length);
  }

  /** Rows that follow those before in time. @param {Row[]} rows */
  add(rows) {
    for (const row of rows) this.#addOne(row);
  }

  /** @param {Row} row */
  #addOne(row) {
    this.#time.push(row.time_s);
    this.#frame.push(row.frame);
    this.#face.push(row.face_id);
    for (const value of [row.box.x, row.box.y, row.box.width, row.box.height]) this.#box.push(value);
    this.#top.push(this.labels.indexOf(row.top));
    this.#agreement.push(row.agreement);
    this.#uncertain.push(row.uncertain ? 1 : 0);
    for (const label of this.labels) this.smoothed.push(row.smoothed[label]);
    this.#addVotes(row.votes ?? {});
    if (!this.#ofFace.has(row.face_id)) this.#ofFace.set(row.face_id, new Column(Uint32Array));
    this.rowsOf(row.face_id)?.push(this.count++);
  }

  /** Of a member that did not answer there is none. @param {Record<string, Probabilities>} votes */
  #addVotes(votes) {
    for (const member of this.members) {
      for (const label of this.labels) this.votes.push(votes[member]?.[label] ?? NaN);
    }
  }

  get lastTime() {
    return this.count > 0 ? this.time(this.count - 1) : 0;
  }

  /** @param {number} row */
  time(row) {
    return this.#time.get(row);
  }

  /** @param {number} row */
  frame(row) {
    return this.#frame.get(row);
  }

  /** @param {number} row */
  face(row) {
    return this.#face.get(row);
  }

  /** @param {number} row */
  top(row) {
    return this.labels[this.#top.get(row)];
  }

  /** @param {number} faceId */
  rowsOf(faceId) {
    return this.#ofFace.get(faceId);
  }

  /** The first row of a moment or of one after it. @param {number} frame */
  #firstFrom(frame) {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.frame(middle) < frame) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The rows of one moment. @param {number} frame @returns {number[]} */
  at(frame) {
    const found = [];
    for (let row = this.#firstFrom(frame); row < this.count && this.frame(row) === frame; row += 1) found.push(row);
    return found;
  }

  /** @param {number} row @returns {Box} */
  box(row) {
    const [x, y, width, height] = [0, 1, 2, 3].map((at) => this.#box.get(row, at));
    return { x, y, width, height };
  }

  /** A face as the bars and boxes show it. @param {number} row */
  read(row) {
    return {
      face_id: this.face(row),
      box: this.box(row),
      landmarks: null,
      top: this.top(row),
      agreement: this.#agreement.get(row),
      uncertain: this.#uncertain.get(row) === 1,
      smoothed: Object.fromEntries(this.labels.map((label, at) => [label, this.smoothed.get(row, at)])),
      votes: this.#votesOf(row),
    };
  }

  /** What each member said of a row's face; undefined where the rows carry no votes. @param {number} row */
  #votesOf(row) {
    if (this.members.length === 0) return undefined;
    const { labels } = this;
    const answered = this.members.filter((_, index) => !Number.isNaN(this.votes.get(row, index * labels.length)));
    return Object.fromEntries(answered.map((member) => [member, this.#voteOf(row, this.members.indexOf(member))]));
  }

  /** @param {number} row @param {number} member */
  #voteOf(row, member) {
    const { labels } = this;
    return Object.fromEntries(labels.map((label, at) => [label, this.votes.get(row, member * labels.length + at)]));
  }

  /**
   * One face's times and a line of values a label, as uPlot wants them; null where it was not seen.
   * @param {number} faceId
   * @param {number} longestGap in moments
   * @returns {[number[], ...(number | null)[][]]}
   */
  lines(faceId, longestGap) {
    /** @type {number[]} */
    const times = [];
    /** @type {(number | null)[][]} */
    const values = this.labels.map(() => []);
    let before = -1;
    const own = this.rowsOf(faceId);
    for (let at = 0; own && at < own.length; at += 1) {
      const row = own.get(at);
      if (before >= 0 && this.frame(row) - this.frame(before) > longestGap) {
        times.push((this.time(before) + this.time(row)) / 2);
        for (const line of values) line.push(null);
      }
      times.push(this.time(row));
      values.forEach((line, label) => line.push(this.smoothed.get(row, label)));
      before = row;
    }
    return [times, ...values];
  }
}
