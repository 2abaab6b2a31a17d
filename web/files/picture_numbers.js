// @ts-check
/** Pictures' numbers, saved on the person's own machine. */

import { download } from "../dom.js";
import { picturesAsCsv } from "./csv.js";

/** @typedef {import("./api.js").Reading & { name: string }} Numbers */

/** @param {string} name @param {Numbers | Numbers[] | undefined} numbers */
export const saveJson = (name, numbers) =>
  download(`${name}.json`, new Blob([JSON.stringify(numbers, null, 2)], { type: "application/json" }));

/** @param {string} name @param {Numbers[]} pictures */
export function saveCsv(name, pictures) {
  const labels = Object.keys(pictures.flatMap(({ faces }) => faces)[0]?.probabilities ?? {});
  download(`${name}.csv`, new Blob([picturesAsCsv(pictures, labels)], { type: "text/csv" }));
}
