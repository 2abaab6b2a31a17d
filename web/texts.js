// @ts-check
/** Words that several views say; those of one view stand in its folder. A key that takes values is a function. */

/** @typedef {{ title: string, advice: string }} Problem */

/** Words that stand still; `data-text` and `data-label-text` in index.html name them. */
export const TEXTS = {
  skip: "Skip to the content",
  navigation: "Views",
  navLive: "Live",
  navFiles: "Pictures and videos",
  toDark: "Dark",
  toLight: "Light",
  loadAgain: "Load the page again",
  jobTitle: "One job",
  welcomeTitle: "What does a face show?",
  welcomeLead:
    "Thespis watches your webcam and guesses, many times a second, which of seven expressions each face shows.",
  sentTitle: "What is sent",
  keptTitle: "What is kept",
  keptBody:
    "Nothing is stored. The server holds a picture in memory for a moment, at most two seconds, to answer it; one that you ask it to explain, at most eleven. No picture is written to a disk.",
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
  pictureLabel: "Your camera’s picture with a box around each face. The panels beside it say the same in words.",
  cameraLabel: "Camera",
  anyCamera: "Whichever the browser gives",
  otherCamera: "Or take another camera:",
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
  explainNoFace: "The face was not found again. Close this and try once more.",
  explainNoMap: "No map: only the four largest faces get one, while there is time.",
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
  unansweredTitle: "Waiting for an answer",
  unansweredBody: "This is your camera’s picture. Nothing is read from it at the moment.",
  reminder: "An expression is not a feeling. These numbers are a model’s guess.",
  uncertain: "uncertain",
  waitingForPermission: "Waiting for your permission to use the camera…",
  waitingForServer: "Connecting to the server…",
};

export const NOT_LOADED = {
  title: "This part of the page could not be loaded",
  advice: "The connection was lost on the way. Look whether you are online, then load the page again.",
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

/** The dialog that asks for an API key. */
export const KEY = {
  title: "This server asks for a key",
  lead: "Enter the API key you were given. It stays in this tab; “What becomes of your pictures”, at the foot of the page, can forget it.",
  wrong: "That key is not known here, or was taken back. Enter another.",
  label: "API key",
  use: "Use this key",
  cancel: "Cancel",
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

/**
 * What the models say of one moment. The label shown is smoothed and may lag behind: then theirs is named.
 * @param {number} percent
 * @param {string} now the vote's top label at this moment
 * @param {string} shown the smoothed one
 */
export const agreement = (percent, now, shown) =>
  now === shown ? `${percent} % of voting models agree` : `${percent} % of voting models say ${label(now)} now`;

/** @param {number} id */
export const explainName = (id) => `Explain ${faceName(id)}`;

/** @param {number} count @param {number} all @param {string} top */
export const behind = (count, all, top) => `${count} of ${all} models say ${label(top)}.`;

/** @param {string} name */
export const voteProfile = (name) => ({ default: "default (FER2013)", fast: "fast (cheaper)", ferplus: "FER+" })[name] ?? name;

/** @param {string} top @param {number | undefined} loss */
export const leansOn = (top, loss) =>
  loss === undefined
    ? `The vote is “${label(top)}”, and it leans on no single part: covering any one hardly changes it.`
    : `The vote is “${label(top)}”. Covering the warmest part takes ${percent(Math.round(loss * 100))} from it.`;

/** What went wrong with a file, and what to do, by the gateway's code. @type {Record<string, Problem>} */
const REFUSALS = {
  unreachable: { title: "The server does not answer", advice: "Look whether you are online, then try again." },
  bad_image: { title: "This picture can’t be read", advice: "Open it in another program and save it as JPEG or PNG." },
  unsupported: { title: "This kind of picture is not known", advice: "Save it as JPEG, PNG or WebP." },
  too_many_pixels: { title: "This picture is too large", advice: "Make it smaller and try again." },
  overload: { title: "The server is busy", advice: "Try again in a moment." },
  unavailable: { title: "The server can’t do this at the moment", advice: "Try again in a moment." },
  too_slow: { title: "The picture took too long to arrive", advice: "Try again, or send a smaller one." },
  bad_video: { title: "This file is not a video we read", advice: "Send an MP4, MOV, WebM, MKV or AVI, or a zip of pictures." },
  too_large: { title: "This file is too large", advice: "Cut it, or save it with fewer pixels." },
  bad_options: { title: "The server refuses these settings", advice: "Change them and try again." },
  too_many_jobs: { title: "Too many videos are under way", advice: "Wait until one has ended, then try again." },
  disk_full: { title: "The server has no room for this video", advice: "Delete what is no longer needed, or try again later." },
  key_needed: { title: "This server asks for a key", advice: "Try again and enter the API key you were given." },
  unknown_key: { title: "The key is not known here", advice: "It may have been taken back. Try again and enter another." },
  scope_needed: { title: "Your key is not for this", advice: "Enter one that is in a new tab." },
  forbidden: { title: "This page may not ask the server", advice: "Open it by the address that the server’s owner gave you." },
  too_many_requests: { title: "Asked too often", advice: "Your key or address has used up its share. Try again in a minute." },
  unknown_job: { title: "There is no such video", advice: "It was deleted, or the link is not whole." },
};

/** @param {{ code: string, message: string }} refused @returns {Problem & { detail: string }} */
export function refusal({ code, message }) {
  const known = REFUSALS[code] ?? { title: "That did not work", advice: "Try again in a moment." };
  const silent = code === "unreachable" || message === "";
  return { ...known, detail: silent ? "" : `The server says: ${message.replace(/\.$/, "")}.` };
}
