// @ts-check
/** What the gateway refuses; the code has words in texts.js. */

/** Raised when the gateway refuses, or when it can't be reached (code `unreachable`). */
export class Refused extends Error {
  /** @param {string} code @param {string} detail @param {number} [status] */
  constructor(code, detail, status = 0) {
    super(detail);
    this.code = code;
    this.status = status;
  }

  /** Whether it may well work a little later, with nothing done about it. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** From a problem's text (RFC 9457), or whatever else came. @param {number} status @param {string} text */
export function refusal(status, text) {
  try {
    const problem = JSON.parse(text);
    return new Refused(String(problem.type).split(":").at(-1) ?? "", String(problem.detail), status);
  } catch {
    return new Refused(`http_${status}`, `HTTP ${status}`, status);
  }
}
