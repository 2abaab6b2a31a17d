// @ts-check
/** A worker: pictures in, JPEGs out. On the page itself browsers encode in idle moments only, which a busy page has none of. */

/** Seen from inside a worker has the same two ends as from outside. */
const page = /** @type {Worker} */ (/** @type {unknown} */ (self));
const canvas = new OffscreenCanvas(1, 1);
const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d", { alpha: false }));

/** @typedef {{ frameId: number, bitmap: ImageBitmap, quality: number }} Picture */
/** @typedef {{ frameId: number, jpeg: ArrayBuffer | null }} Encoded null: it could not be made */

// One after the other: they share the canvas.
let work = Promise.resolve();
page.onmessage = (event) => {
  const { frameId } = event.data;
  work = work.then(() => encode(event.data)).catch(() => page.postMessage({ frameId, jpeg: null }));
};

/** @param {Picture} picture */
async function encode({ frameId, bitmap, quality }) {
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
    Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
  }
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const jpeg = await (await canvas.convertToBlob({ type: "image/jpeg", quality })).arrayBuffer();
  page.postMessage({ frameId, jpeg }, [jpeg]);
}

export {};
