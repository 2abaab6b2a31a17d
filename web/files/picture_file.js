// @ts-check
/** A picture as it is sent: as it is, or, where the server takes it not so, as the browser shows it. */

import { SAVED_ANEW, madeSmaller } from "./texts.js";
import { Refused } from "../refused.js";
import { readPicture } from "./api.js";

/** Longest side of a picture that had to be made smaller. */
const SMALLER = 4096;
const QUALITY = 0.95;
const KNOWN = new Set(["image/jpeg", "image/png", "image/webp"]);

/** @typedef {{ reading: import("./api.js").Reading, note: string }} Answer */

/**
 * Raises Refused; its code is `unsupported` for what even the browser can't show.
 * @param {File} file
 * @param {ImageBitmap} bitmap the picture as the browser shows it
 * @param {Record<string, string>} query
 * @param {AbortSignal} signal
 * @returns {Promise<Answer>}
 */
export async function readFile(file, bitmap, query, signal) {
  try {
    return { reading: await readPicture(file, query, signal), note: "" };
  } catch (error) {
    const code = error instanceof Refused ? error.code : "";
    if (code === "too_large" || code === "too_many_pixels") return smaller(bitmap, query, signal);
    if (code === "bad_image" && !KNOWN.has(file.type)) return saved(bitmap, query, signal, bitmap, SAVED_ANEW);
    throw error;
  }
}

/** @param {ImageBitmap} bitmap @param {Record<string, string>} query @param {AbortSignal} signal */
function smaller(bitmap, query, signal) {
  const scale = Math.min(1, SMALLER / Math.max(bitmap.width, bitmap.height));
  const size = { width: Math.round(bitmap.width * scale), height: Math.round(bitmap.height * scale) };
  return saved(bitmap, query, signal, size, madeSmaller(sizeWords(bitmap), sizeWords(size)));
}

/**
 * @param {ImageBitmap} bitmap
 * @param {Record<string, string>} query
 * @param {AbortSignal} signal
 * @param {import("../geometry.js").Size} size
 * @param {string} note
 * @returns {Promise<Answer>}
 */
async function saved(bitmap, query, signal, size, note) {
  const canvas = new OffscreenCanvas(size.width, size.height);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, size.width, size.height);
  const sent = await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
  return { reading: await readPicture(sent, query, signal), note };
}

/** @param {import("../geometry.js").Size} size */
const sizeWords = ({ width, height }) => `${width} × ${height}`;
