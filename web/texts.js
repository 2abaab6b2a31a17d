// @ts-check
/** Every word the page says, in one place. A key that takes values is a function. */

/** Words that stand still; `data-text` and `data-label-text` in index.html name them. */
export const TEXTS = {
  welcomeTitle: "What does a face show?",
  welcomeLead:
    "Thespis watches your webcam and guesses, many times a second, which of seven expressions each face shows.",
  sentTitle: "What is sent",
  keptTitle: "What is kept",
  keptBody:
    "Nothing is stored. The server holds a picture in memory for a moment, at most two seconds, to answer it. No picture is written to a disk.",
  meaningTitle: "What the numbers mean",
  meaningBody:
    "An expression is not a feeling. The percentages are a model’s guess at how a face looks. It is often wrong, and it cannot know what anyone feels.",
  consent: "The camera is asked for when you press the button, and is off again when you stop. Please ask others who may be in view.",
  start: "Start the camera",
  startAgain: "Start again",
  tryAgain: "Try again",
  stop: "Stop",
  stoppedNote: "Stopped. The camera is off and the connection is closed.",
  liveRegion: "Live view",
  pictureLabel: "Your camera’s picture with a box around each face. The panels beside it say the same in words.",
  cameraLabel: "Camera",
  retryNow: "Try now",
  readouts: "Measurements",
  fpsTitle: "Answered",
  fpsDetail: "frames a second",
  latencyTitle: "Latency",
  latencyDetail: "p50 and p95, last 5 s",
  droppedTitle: "Dropped",
  droppedNone: "every frame was answered",
  membersTitle: "Models voting",
  noFaceTitle: "No face in view",
  noFaceBody: "Face the camera in even light. Up to eight faces are read at once.",
  unansweredTitle: "Waiting for an answer",
  unansweredBody: "This is your camera’s picture. Nothing is read from it at the moment.",
  reminder: "An expression is not a feeling. These numbers are a model’s guess.",
  uncertain: "uncertain",
  waitingForPermission: "Waiting for your permission to use the camera…",
  waitingForServer: "Connecting to the server…",
};

/** The dialog that asks for an API key. */
export const KEY = {
  title: "This server asks for a key",
  lead: "Enter the API key you were given. It stays in this tab and is forgotten when you close it.",
  wrong: "That key is not known here, or was taken back. Enter another.",
  label: "API key",
  use: "Use this key",
  cancel: "Cancel",
};

/** @param {string} host */
export const whatIsSent = (host) =>
  `Pictures from your webcam: JPEG, at most 640 pixels wide, up to 25 a second, to this server (${host}) and nowhere else. No sound.`;

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
  }[cause];
  return seconds > 0 ? `${why} Trying again in ${seconds} s.` : `${why} Trying again now…`;
}

/** @typedef {{ title: string, advice: string }} Problem */

/** What went wrong before or while it ran, and what to do. @type {Record<string, Problem>} */
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
    advice: "Try again; if that does not help, choose another camera or restart the browser.",
  },
  refused: {
    title: "The server closed the session",
    advice: "Wait a moment, then try again.",
  },
};

/** @param {number | null} id */
export const faceName = (id) => `face ${id}`;

/** The chip at a box. @param {number} id @param {string} top @param {number} percent @param {boolean} uncertain */
export const chip = (id, top, percent, uncertain) =>
  uncertain ? `${faceName(id)} · uncertain` : `${faceName(id)} · ${top} ${percent} %`;

/** The large word of a panel. @param {string} top @param {boolean} uncertain */
export const topWords = (top, uncertain) => (uncertain ? `perhaps ${top}` : top);

/** What a screen reader hears. @param {{ id: number, top: string, uncertain: boolean }[]} faces */
export function announcement(faces) {
  if (faces.length === 0) return TEXTS.noFaceTitle;
  return faces.map((face) => `${faceName(face.id)}: ${topWords(face.top, face.uncertain)}`).join(", ");
}

/** @param {number} percent */
export const agreement = (percent) => `${percent} % of the models agree`;

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
  slow_reader: "This page was too slow to take the answers.",
};

/** @param {string} reason */
export const closing = (reason) => CLOSINGS[reason] ?? (reason ? `It says: ${reason}.` : "");
