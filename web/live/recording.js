// @ts-check
/** The numbers of a session as rows, and those as CSV or JSON; pure. Never a picture. */

/** @typedef {Record<string, string | number | boolean>} Row */

/** Rows of one part of a file; all of a long recording would be longer than a string may be. */
const PART = 10_000;

/**
 * A row a face.
 * @param {import("./wire.js").Result} result
 * @param {Date} time when it was answered
 * @param {number} latencyMs
 * @returns {Row[]}
 */
export function rowsOf(result, time, latencyMs) {
  return result.faces.map((face) => ({
    time: time.toISOString(),
    frame_id: result.frame_id,
    latency_ms: Math.round(latencyMs * 10) / 10,
    members: result.members.used.join(" "),
    face_id: face.face_id,
    ...face.box,
    score: face.score,
    top: face.top,
    uncertain: face.uncertain,
    agreement: face.agreement,
    ...face.probabilities,
    ...prefixed("smoothed_", face.smoothed),
  }));
}

/** @param {string} prefix @param {Record<string, number>} values */
function prefixed(prefix, values) {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}

/** The parts of a file as RFC 4180 has it. @param {Row[]} rows */
export function csv(rows) {
  const names = Object.keys(rows[0] ?? {});
  /** @param {unknown[]} values */
  const line = (values) => `${values.map(quoted).join(",")}\r\n`;
  return [line(names), ...inParts(rows, (some) => some.map((row) => line(names.map((name) => row[name]))).join(""))];
}

/** @param {unknown} value */
function quoted(value) {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** The parts of a file with a row a line. @param {Row[]} rows */
export const json = (rows) => [
  '{"rows":[\n',
  ...inParts(rows, (some, isFirst) => (isFirst ? "" : ",\n") + some.map((row) => JSON.stringify(row)).join(",\n")),
  "\n]}\n",
];

/** @param {Row[]} rows @param {(some: Row[], isFirst: boolean) => string} written */
function* inParts(rows, written) {
  for (let start = 0; start < rows.length; start += PART) yield written(rows.slice(start, start + PART), start === 0);
}
