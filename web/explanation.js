// @ts-check
/** Paints an occlusion map over its face: what the label leans on is warm, what speaks against it cool. */

/** @typedef {import("./live/wire.js").Explanation} Explanation */

/** Two hues that the colour-blind tell apart. */
const FOR = [230, 120, 0];
const AGAINST = [0, 114, 178];
const STRONGEST = 0.75;
/** The strongest colour is for the greatest change, but for one of this size at least: a map of nothing stays pale. */
const LEAST_SCALE = 0.03;
/** Where no part takes away more, no part is said to matter. */
const MATTERS = 0.05;

/**
 * Draws into a context whose units are the picture's pixels.
 * @param {CanvasRenderingContext2D} context
 * @param {Explanation} explanation
 */
export function drawExplanation(context, explanation) {
  const [a, b, c, d, e, f] = explanation.crop_to_image;
  context.save();
  context.transform(a, b, c, d, e, f);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(painted(explanation.values), 0, 0, explanation.crop_size, explanation.crop_size);
  context.restore();
}

/** The most that covering one part takes from the label; undefined when no part matters. @param {Explanation} explanation */
export function greatestLoss({ values }) {
  const loss = Math.max(...values.flat());
  return loss >= MATTERS ? loss : undefined;
}

/** The change that the strongest colour stands for; it belongs beside every map. @param {number[][]} values */
export const scaleOf = (values) => Math.max(LEAST_SCALE, ...values.flat().map(Math.abs));

/** A pixel a cell; smoothing makes the rest. @param {number[][]} values */
function painted(values) {
  const canvas = new OffscreenCanvas(values[0].length, values.length);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.putImageData(new ImageData(cellColours(values), canvas.width, canvas.height), 0, 0);
  return canvas;
}

/**
 * RGBA of each cell, the strongest one opaque enough to be seen over a face; pure.
 * @param {number[][]} values
 */
export function cellColours(values) {
  const most = scaleOf(values);
  const cells = values.flat();
  return new Uint8ClampedArray(
    cells.flatMap((value) => [...(value >= 0 ? FOR : AGAINST), 255 * STRONGEST * (Math.abs(value) / most)]),
  );
}
