// @ts-check
/** The words of the live view. */

import { TEXTS, faceName, percent } from "../texts.js";

export * from "../texts.js";

/** @param {string} host */
export const whatIsSent = (host) =>
  `Pictures from your webcam: JPEG, 640 pixels wide, up to 25 a second unless you choose otherwise, to this server (${host}) and nowhere else. No sound.`;

/** The pill at the top right. */
export const CONNECTION = {
  start: "Camera off",
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  stopped: "Camera off",
  error: "Camera off",
};

/**
 * Over the picture while the connection is away.
 * @param {number} seconds
 * @param {import("./stream.js").Cause} cause
 */
export function reconnecting(seconds, cause) {
  const why = {
    unreachable: "The server does not answer.",
    lost: "The connection was lost.",
    draining: "The server is restarting.",
    busy: "The server is full at the moment.",
    unavailable: "The server can’t let anybody in at the moment.",
    tooOften: "This key or address has asked too often.",
    manyOfKey: "This key has as many live sessions as it may: close another of its tabs.",
    manyOfAddress: "This address has as many live sessions as it may: close another tab of it.",
  }[cause];
  return seconds > 0 ? `${why} Trying again in ${seconds} s.` : `${why} Trying again now…`;
}

/** What went wrong before or while it ran, and what to do. @type {Record<string, import("../texts.js").Problem>} */
export const PROBLEMS = {
  denied: {
    title: "The camera is blocked",
    advice:
      "You or your browser refused the camera. Allow it for this page with the camera or lock symbol beside the address, then try again.",
  },
  notFound: {
    title: "No camera was found",
    advice: "Plug a camera in, or switch on the one you have (some laptops have a key or a slider for it), then try again.",
  },
  busy: {
    title: "The camera is in use",
    advice: "Another program or tab holds the camera. Close it (a video call, for example), then try again.",
  },
  unplugged: {
    title: "The camera went away",
    advice: "It was unplugged, switched off, or its permission was taken back. Connect it again, then try again.",
  },
  insecure: {
    title: "This address cannot use a camera",
    advice:
      "Browsers give the camera to secure pages only. Open this page by https://, or on the server’s own machine by http://localhost.",
  },
  unknownCamera: {
    title: "The camera did not start",
    advice: "Try again; if that does not help, restart the browser.",
  },
  refused: {
    title: "The server closed the session",
    advice: "Try again in a moment.",
  },
};

/** In place of panels. @param {number} most how many faces are read at once */
export const noFaceBody = (most) =>
  `Face the camera in even light. ${most === 1 ? "One face is" : `Up to ${most} faces are`} read at once.`;

/** @param {number} p50 @param {number} p95 */
export function latency(p50, p95) {
  if (p95 >= 1000) return `${(p50 / 1000).toFixed(1)} / ${(p95 / 1000).toFixed(1)} s`;
  return `${Math.round(p50)} / ${Math.round(p95)} ms`;
}

/** @type {Record<string, string>} */
const DROP_REASONS = {
  superseded: "replaced by a newer one",
  rate: "sent too fast",
  overload: "server busy",
  expired: "too late",
  error: "refused",
  lost: "lost with the connection",
};

/** @param {Record<string, number>} counts */
export function dropped(counts) {
  const parts = Object.entries(counts).map(([reason, count]) => `${count} ${DROP_REASONS[reason] ?? reason}`);
  return parts.length > 0 ? parts.join(", ") : TEXTS.droppedNone;
}

/** @param {number} fps */
export const sentPerSecond = (fps) => `a second, of ${fps.toFixed(1)} sent`;

/** @type {Record<string, string>} */
const STAGES = {
  taking: "taking the picture",
  way: "on the way",
  queue: "waiting its turn",
  decode: "decoding",
  detect: "finding faces",
  ensemble: "asking the models",
  all: "all together",
};

/** @param {string} name */
export const stage = (name) => STAGES[name];

/** @param {number} value */
export const milliseconds = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

/** @param {number} seconds below zero */
export const secondsAgo = (seconds) => (Math.abs(seconds) < 0.05 ? "now" : `${Number(seconds.toFixed(1))} s`);

/** What a setting's value means. @param {string} name @param {number} value */
export function wish(name, value) {
  if (name === "smoothing") return value === 0 ? "raw" : value < 0.4 ? "light" : value < 0.8 ? "medium" : "strong";
  if (name === "minFaceSize") return `${value} px`;
  if (name === "fps") return `${value} a second`;
  return String(value);
}

/** @param {number} rows */
const rowsOfNumbers = (rows) => `${rows} ${rows === 1 ? "row" : "rows"} of numbers`;

/** @param {number} rows @param {boolean} full whether it stopped because there are no more */
export const recorded = (rows, full) =>
  `${rowsOfNumbers(rows)} recorded, no pictures.${full ? " It stopped by itself: a page keeps no more." : ""}`;

export const DISCARD = { title: "Discard what was recorded?", yes: "Discard and record", no: "Keep it" };

/** @param {number} rows */
export const discardBody = (rows) => `${rowsOfNumbers(rows)} were not downloaded. A new recording takes their place.`;

/** @param {string} what @param {string} ending */
export const fileName = (what, ending) => `thespis-${what}-${new Date().toISOString().replace(/[:.]/g, "-")}.${ending}`;

/** @param {number} id */
export const explainTitle = (id) => `What ${faceName(id)}’s label leans on`;

/** The ends of a map's scale. @param {number} share */
export const mapFor = (share) => `leans on it (−${percent(Math.ceil(share * 100))})`;

/** @param {number} share */
export const mapAgainst = (share) => `against it (+${percent(Math.ceil(share * 100))})`;

/** @param {string} reason */
export const explainFailed = (reason) => (reason ? `No map: ${reason}` : "No map: the server did not answer.");

/** @param {number} used @param {number} all */
export const membersUsed = (used, all) => `${used} of ${all}`;

/** @param {string[]} names */
export const membersMissing = (names) => `no answer from ${names.join(", ")}`;

/** @param {number} number */
export const unnamedCamera = (number) => `Camera ${number}`;

/** A server's error by its code; its own words where we have none. @type {Record<string, string>} */
const SERVER_ERRORS = {
  unavailable: "The models do not answer at the moment. Results go on as soon as they are back.",
  bad_image: "The server could not read a frame. It goes on with the next.",
  frame_too_large: "A frame was larger than the server takes. Choose another camera if this goes on.",
  too_many_pixels: "A frame was larger than the server takes. Choose another camera if this goes on.",
};

/** @param {string} code @param {string} message */
export const serverError = (code, message) => SERVER_ERRORS[code] ?? `The server says: ${message}`;

/** Why the server closed a session, by its reason. @type {Record<string, string>} */
const CLOSINGS = {
  bad_frames: "It could not read the frames it was sent.",
  message_too_large: "A frame was larger than it takes.",
  idle: "Nothing was sent for a while.",
  key_needed: "It asks for an API key, and none was given.",
  unknown_key: "It does not know that API key, or the key was taken back.",
  scope_needed: "Your API key is not for the live view; one that is can be entered in a new tab.",
  forbidden: "Pages of this address may not ask it: its owner has set which may.",
  slow_reader: "This page was too slow to take the answers.",
};

/** @param {string} reason */
export const closing = (reason) => CLOSINGS[reason] ?? (reason ? `It says: ${reason}.` : "");
