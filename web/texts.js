// @ts-check
/** Every word the page says, in one place. A key that takes values is a function. */

/** Words that stand still; `data-text` and `data-label-text` in index.html name them. */
export const TEXTS = {
  skip: "Skip to the content",
  navigation: "Views",
  navLive: "Live",
  navFiles: "Pictures and videos",
  toDark: "Dark",
  toLight: "Light",
  themeLabel: "Change the colours",
  filesTitle: "Pictures and videos",
  jobTitle: "One job",
  welcomeTitle: "What does a face show?",
  welcomeLead:
    "Thespis watches your webcam and guesses, many times a second, which of seven expressions each face shows.",
  sentTitle: "What is sent",
  keptTitle: "What is kept",
  keptBody:
    "Nothing is stored. The server holds a picture in memory for a moment, at most two seconds, to answer it. No picture is written to a disk.",
  keptLink: "How that is tested",
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
  liveTitle: "Live",
  tools: "Picture and numbers",
  snapshot: "Snapshot",
  record: "Record",
  recordStop: "Stop recording",
  saveCsv: "Download CSV",
  saveJson: "Download JSON",
  mirror: "Mirror",
  landmarks: "Landmarks",
  timelineTitle: "The last minute",
  timelineFace: "Face",
  timelinePause: "Pause",
  timelineResume: "Follow",
  timelineHeld: "Paused. New values are still taken; “Follow” shows them.",
  timelineLabel: "Seven lines: how the probabilities of the chosen face changed. Drag over a part to look at it closely.",
  timelineLines: "Lines of the timeline",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  votesTitle: "The vote, opened up",
  votesOn: "Ask for votes",
  voteOfAll: "the vote",
  noAnswer: "no answer",
  chooseFace: "Show this face’s timeline and vote",
  explain: "Explain",
  explainAsking: "Covering the face part by part, to see what the label leans on…",
  explainNoFace: "The face was not found again in this frame. Close this and try once more.",
  explainPicture: "The face as it was sent, with the map over it",
  explainMap: "Show the map",
  explainNote:
    "Each part was covered once and the models were asked again. Where the label lost probability the map is warm, where it gained the map is cool. It tells what the models look at, not what is true. This one frame was sent again for it; it is not stored.",
  close: "Close",
  settingsTitle: "Settings",
  settingsReset: "Reset",
  smoothing: "Smoothing",
  voteProfile: "Vote profile",
  maxFaces: "Most faces",
  minFace: "Smallest face",
  cap: "Send at most",
  quality: "Picture quality",
  qualityLow: "low: 400 pixels wide",
  qualityNormal: "normal: 640 pixels wide",
  qualityHigh: "high: 960 pixels wide",
  fpsTitle: "Answered",
  latencyTitle: "Latency",
  latencyDetail: "p50 and p95, last 5 s",
  stageTitle: "Where the time goes",
  droppedTitle: "Dropped",
  droppedNone: "every frame was answered",
  membersTitle: "Models voting",
  privacyTitle: "What becomes of your pictures",
  noFaceTitle: "No face in view",
  noFaceBody: "Face the camera in even light. Up to eight faces are read at once.",
  unansweredTitle: "Waiting for an answer",
  unansweredBody: "This is your camera’s picture. Nothing is read from it at the moment.",
  reminder: "An expression is not a feeling. These numbers are a model’s guess.",
  uncertain: "uncertain",
  waitingForPermission: "Waiting for your permission to use the camera…",
  waitingForServer: "Connecting to the server…",
};

/** @type {Record<string, string>} by view */
const PAGE_TITLES = { live: "Live", files: "Pictures and videos", jobs: "Job", privacy: "Your pictures" };

/** @param {string} view */
export const pageTitle = (view) => `${PAGE_TITLES[view]} · Thespis`;

/** The labels as people read them; the server's own word where we have none. @type {Record<string, string>} */
const LABELS = {
  angry: "angry",
  disgust: "disgust",
  fear: "fear",
  happy: "happy",
  sad: "sad",
  surprise: "surprise",
  neutral: "neutral",
};

/** @param {string} name */
export const label = (name) => LABELS[name] ?? name;

/** @param {number} whole */
export const percent = (whole) => `${whole} %`;

/** A bar's name for screen readers. @param {string} owner @param {string} label */
export const barName = (owner, label) => `${owner}, ${label}`;

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
 * @param {import("./live/stream.js").Cause} cause
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
  uncertain ? `${faceName(id)} · uncertain` : `${faceName(id)} · ${label(top)} ${percent} %`;

/** The large word of a panel. @param {string} top @param {boolean} uncertain */
export const topWords = (top, uncertain) => (uncertain ? `perhaps ${label(top)}` : label(top));

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

/** @param {number} count @param {number} all @param {string} top */
export const behind = (count, all, top) => `${count} of ${all} models say ${label(top)}.`;

/** @param {string} name */
export const voteProfile = (name) => ({ default: "default (FER2013)", ferplus: "FER+" })[name] ?? name;

/** What a setting's value means. @param {string} name @param {number} value */
export function wish(name, value) {
  if (name === "smoothing") return value === 0 ? "raw" : value < 0.4 ? "light" : value < 0.8 ? "medium" : "strong";
  if (name === "minFaceSize") return `${value} px`;
  if (name === "fps") return `${value} a second`;
  return String(value);
}

/** @param {number} rows */
export const recorded = (rows) => `${rows} ${rows === 1 ? "row" : "rows"} of numbers recorded, no pictures.`;

/** @param {string} what @param {string} ending */
export const fileName = (what, ending) => `thespis-${what}-${new Date().toISOString().replace(/[:.]/g, "-")}.${ending}`;

/** @param {number} id */
export const explainName = (id) => `Explain ${faceName(id)}`;

/** @param {number} id */
export const explainTitle = (id) => `What ${faceName(id)}’s label leans on`;

/** @param {string} top @param {number | undefined} loss */
export const leansOn = (top, loss) =>
  loss === undefined
    ? `The vote on this frame is “${label(top)}”, and it leans on no single part: covering any one hardly changes it.`
    : `The vote on this frame is “${label(top)}”. Covering the warmest part takes ${percent(Math.round(loss * 100))} from it.`;

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
  slow_reader: "This page was too slow to take the answers.",
};

/** @param {string} reason */
export const closing = (reason) => CLOSINGS[reason] ?? (reason ? `It says: ${reason}.` : "");

/** The page that the consent leads to: titles and paragraphs. */
export const PRIVACY = [
  {
    title: "Live pictures",
    paragraphs: [
      "The camera is asked for when you press the button and is off again when you stop or leave the view. A hidden tab sends nothing.",
      "A frame goes to the server over one connection, lies in the server’s memory (Redis, without a disk) until a worker takes it, and is gone at the latest half a second after its deadline. It is not written to a disk and not to a log.",
    ],
  },
  {
    title: "How that is tested",
    paragraphs: [
      "tests/integration/test_no_frame_is_kept.py sends frames that carry a mark in their bytes through a running platform. Then it looks for the mark in every file that was written meanwhile in the folders where the platform’s processes work, in its log and among its temporary files, and finds none. It also stops the workers, sees a frame wait in memory, and sees it gone after its deadline.",
    ],
  },
  {
    title: "Videos",
    paragraphs: [
      "A video that you hand in is kept until its job has ended and is then removed; its results are kept for as long as the server’s owner has set.",
    ],
  },
  {
    title: "Numbers",
    paragraphs: [
      "Numbers that you record stay in this page until you download or leave it. What you chose in the settings is remembered by this browser alone.",
      "An expression is not a feeling: the percentages are a model’s guess at how a face looks.",
    ],
  },
];
