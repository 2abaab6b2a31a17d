// @ts-check
/** A picture's numbers as a table, pure. Columns are those of a job's CSV, led by the file's name. */

/** @typedef {import("../live/wire.js").Face} Face */

/** @param {string[]} labels */
const head = (labels) => ["file", "face_id", "x", "y", "width", "height", "score", "top", "agreement", "uncertain", ...labels];

/**
 * @param {{ name: string, faces: Face[] }[]} pictures
 * @param {string[]} labels
 */
export function picturesAsCsv(pictures, labels) {
  const rows = pictures.flatMap(({ name, faces }) => faces.map((face) => row(name, face, labels)));
  return [head(labels), ...rows].map((cells) => cells.map(cell).join(",") + "\n").join("");
}

/** @param {string} name @param {Face} face @param {string[]} labels */
function row(name, face, labels) {
  const { box } = face;
  const place = [box.x, box.y, box.width, box.height];
  const read = [face.score, face.top, face.agreement, face.uncertain, ...labels.map((label) => face.probabilities[label])];
  return [name, face.face_id, ...place, ...read];
}

/**
 * Quoted where it must be; what a spreadsheet would take for a formula is led by an apostrophe.
 * @param {unknown} value
 */
export function cell(value) {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
