// @ts-check
/** The wire of `thespis.v1`, pure: frames out, messages in. The same as contracts/frames.py and contracts/protocol.py. */

export const SUBPROTOCOL = "thespis.v1";
export const HEADER_BYTES = 12;

/** @typedef {Record<string, number>} Probabilities */
/**
 * @typedef {object} Face
 * @property {number} face_id
 * @property {import("../geometry.js").Box} box in pixels of the frame
 * @property {number} score
 * @property {Record<string, import("../geometry.js").Point> | null} landmarks
 * @property {Probabilities} probabilities
 * @property {Probabilities} smoothed
 * @property {string} top
 * @property {number} agreement
 * @property {boolean} uncertain
 * @property {Record<string, Probabilities>} [votes] member -> its own
 * @property {Explanation} [explanation]
 */
/** @typedef {{ label: string, crop_size: number, values: number[][], crop_to_image: number[] }} Explanation */
/** @typedef {{ used: string[], missing: string[] }} Members */
/** @typedef {{ queue: number, decode: number, detect: number, ensemble: number, total: number }} Timing ms */
/**
 * @typedef {object} Result
 * @property {"result"} type
 * @property {number} frame_id
 * @property {number} width
 * @property {number} height
 * @property {Face[]} faces
 * @property {Members} members
 * @property {Timing} timing_ms
 */
/** @typedef {{ type: "dropped", frame_id: number, reason: string }} Dropped */
/** @typedef {{ type: "error", frame_id: number | null, code: string, message: string, fatal: boolean }} ServerError */
/** @typedef {{ max_fps: number, max_frames_in_flight: number, max_faces: number, frame_deadline_ms: number }} Limits */
/**
 * @typedef {object} Preferences what a session may choose; absent stays as it is
 * @property {string} [vote_profile]
 * @property {number} [smoothing]
 * @property {number} [max_faces]
 * @property {number} [min_face_size]
 * @property {boolean} [votes]
 * @property {number} [votes_fps] with at most so many results a second; 0 with all
 */
/**
 * @typedef {object} SessionCreated
 * @property {"session.created"} type
 * @property {string} session_id
 * @property {Limits} limits
 * @property {{ name: string }[]} members
 * @property {string[]} vote_profiles
 * @property {string[]} labels
 */
/** @typedef {{ type: "session.updated", preferences: Preferences }} SessionUpdated */
/** @typedef {{ type: "session.closed", reason: string }} SessionClosed */
/** @typedef {{ type: "server.draining", reconnect_after_ms: number }} ServerDraining */
/** @typedef {Result | Dropped | ServerError | SessionCreated | SessionUpdated | SessionClosed | ServerDraining} ServerMessage */

/**
 * u32 frame id, u64 capture time in µs, both big-endian, then the JPEG.
 * @param {number} frameId
 * @param {number} captureUs
 * @param {Uint8Array} jpeg
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function packFrame(frameId, captureUs, jpeg) {
  const message = new Uint8Array(HEADER_BYTES + jpeg.byteLength);
  const header = new DataView(message.buffer);
  header.setUint32(0, frameId);
  header.setBigUint64(4, BigInt(Math.round(captureUs)));
  message.set(jpeg, HEADER_BYTES);
  return message;
}

/**
 * A server's message, or null when it is none (unknown types are for pages newer than this one).
 * @param {unknown} text
 * @returns {ServerMessage | null}
 */
export function parseMessage(text) {
  if (typeof text !== "string") return null;
  try {
    const message = JSON.parse(text);
    return message !== null && typeof message === "object" && typeof message.type === "string" ? message : null;
  } catch {
    return null;
  }
}
