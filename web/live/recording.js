// @ts-check
/** The numbers of a session as rows, and those as CSV or JSON; pure. Never a picture. */

/** @typedef {Record<string, string | number | boolean>} Row */

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

/** As RFC 4180 has it. @param {Row[]} rows */
export function csv(rows) {
  const names = Object.keys(rows[0] ?? {});
  const lines = [names, ...rows.map((row) => names.map((name) => row[name]))];
  return lines.map((line) => `${line.map(quoted).join(",")}\r\n`).join("");
}

/** @param {unknown} value */
function quoted(value) {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {Row[]} rows */
export const json = (rows) => JSON.stringify({ rows }, null, 1);
