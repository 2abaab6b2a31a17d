// @ts-check
/** Which rows belong to a moment of the video, pure. The same as jobs/plan.py and jobs/annotate.py. */

/** @typedef {import("./rows.js").Rows} Rows */
/** @typedef {{ start_s: number, fps: number }} Plan */

/** Matroska and WebM round times to milliseconds. */
const FORGIVEN_S = 0.0006;

/**
 * Where a job looked: no more moments a second than there are frames, where those fall on the beat of a rate.
 * @param {Pick<import("./api.js").Job, "options" | "video">} job
 * @returns {Plan}
 */
export const planOf = ({ options, video }) => ({
  start_s: options.start_s,
  fps: Math.min(options.fps, video?.constant_fps ? video.fps : Infinity),
});

/** The number of the moment that is looked at for this time. @param {Plan} plan @param {number} time */
export const frameAt = (plan, time) => Math.floor((time - plan.start_s + FORGIVEN_S) * plan.fps);

/** When a moment begins. @param {Plan} plan @param {number} frame */
export const timeOf = (plan, frame) => plan.start_s + frame / plan.fps;

/**
 * The rows to show at a time; those of the moment before where this one had no frame of its own.
 * @param {Rows} rows
 * @param {Plan} plan
 * @param {number} time
 */
export function rowsAt(rows, plan, time) {
  const frame = frameAt(plan, time);
  const found = rows.at(frame);
  return found.length > 0 || frame < 1 ? found : rows.at(frame - 1);
}

/**
 * The faces at a time; boxes glide from one moment that was looked at to the next, numbers stay as they were read.
 * @param {Rows} rows
 * @param {Plan} plan
 * @param {number} time
 */
export function facesAt(rows, plan, time) {
  return rowsAt(rows, plan, time).map((row) => {
    const next = rows.at(rows.frame(row) + 1).find((other) => rows.face(other) === rows.face(row));
    const face = rows.read(row);
    if (next === undefined) return face;
    const share = Math.min(1, Math.max(0, (time - rows.time(row)) / (rows.time(next) - rows.time(row))));
    return { ...face, box: between(face.box, rows.box(next), share) };
  });
}

/**
 * @param {import("../geometry.js").Box} a
 * @param {import("../geometry.js").Box} b
 * @param {number} share
 */
function between(a, b, share) {
  const mix = (/** @type {number} */ from, /** @type {number} */ to) => from + (to - from) * share;
  return { x: mix(a.x, b.x), y: mix(a.y, b.y), width: mix(a.width, b.width), height: mix(a.height, b.height) };
}
