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
  lead: "Enter the API key you were given. It stays in this tab and is forgotten when you close it.",
  wrong: "That key is not known here, or was taken back. Enter another.",
  label: "API key",
  use: "Use this key",
  cancel: "Cancel",
};

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
    unavailable: "The server can’t let anybody in at the moment.",
    tooOften: "This key or address has asked too often.",
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

/** In place of panels. @param {number} most how many faces are read at once */
export const noFaceBody = (most) =>
  `Face the camera in even light. ${most === 1 ? "One face is" : `Up to ${most} faces are`} read at once.`;

/**
 * What the models say of one moment. The label shown is smoothed and may lag behind: then theirs is named.
 * @param {number} percent
 * @param {string} now the vote's top label at this moment
 * @param {string} shown the smoothed one
 */
export const agreement = (percent, now, shown) =>
  now === shown ? `${percent} % of voting models agree` : `${percent} % of voting models say ${label(now)} now`;

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
export const voteProfile = (name) => ({ default: "default (FER2013)", fast: "fast (small members)", ferplus: "FER+" })[name] ?? name;

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
export const explainName = (id) => `Explain ${faceName(id)}`;

/** @param {number} id */
export const explainTitle = (id) => `What ${faceName(id)}’s label leans on`;

/** @param {string} top @param {number | undefined} loss */
export const leansOn = (top, loss) =>
  loss === undefined
    ? `The vote is “${label(top)}”, and it leans on no single part: covering any one hardly changes it.`
    : `The vote is “${label(top)}”. Covering the warmest part takes ${percent(Math.round(loss * 100))} from it.`;

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
  scope_needed: "Your API key is not for the live view.",
  forbidden: "Pages of this address may not ask it: its owner has set which may.",
  slow_reader: "This page was too slow to take the answers.",
};

/** @param {string} reason */
export const closing = (reason) => CLOSINGS[reason] ?? (reason ? `It says: ${reason}.` : "");

// Pictures and videos

export const FILES = {
  title: "Pictures and videos",
  lead: "Choose your own. Every face gets a box, seven bars and each model’s vote; a video also a timeline.",
  choose: "Choose pictures or videos",
  drop: "or drop them here, or paste a picture",
  dropNow: "Drop them anywhere",
  formats: "JPEG, PNG, WebP · MP4, MOV, WebM, MKV, AVI, or a zip of pictures",
  keptPictures: "A picture is read in memory and forgotten at once.",
  keptVideos:
    "A video is stored until it has been worked through, and deleted then. Its numbers are kept until the day its page names, or until you delete them.",
  whoSees: {
    open: "There is no sign-in: whoever can open this page sees the videos’ list and their numbers.",
    keyed: "Your videos belong to your key: only those who have it, or a key of the server’s owner, see them and their numbers.",
  },
  unusable: "Not a picture or video we know",
  picturesFile: "faces",
  picturesTitle: "Your pictures",
  allJson: "All numbers as JSON",
  allCsv: "All numbers as CSV",
  clearPictures: "Clear",
  reading: "Reading the picture…",
  waiting: "Waiting for the picture before…",
  noFace: "No face was found",
  noFaceAdvice: "Faces must be at least 24 pixels wide and seen from the front or nearly so.",
  json: "Numbers as JSON",
  csv: "Numbers as CSV",
  remove: "Remove",
  tryAgain: "Try again",
  explain: "Show what the vote leans on",
  explaining: "Covering each face part by part…",
  explained: "Hide what the vote leans on",
  explainLegend:
    "Orange: covering this part makes the top label less likely, so the vote leans on it. Blue: it speaks against the label.",
  votesTitle: "How each model voted, in percent",
  votesFace: "Face whose votes are shown",
  videoForm: "What to do with the video",
  fps: "Moments a second",
  fpsHint: "How often it is looked at. Five is enough for most faces.",
  from: "From",
  to: "To",
  fromHint: "seconds or 1:23",
  toHint: "empty for the end",
  maxFaces: "Most faces at once",
  maxFacesHint: "The largest are kept.",
  annotated: "Also make a video with boxes and bars drawn in",
  annotatedHint: {
    open: "Whoever opens the link can watch it. Takes longer.",
    keyed: "Whoever opens the link and has your key can watch it. Takes longer.",
  },
  votes: "Keep each model’s own vote",
  votesHint: "Shows at every moment how far the models agree. Larger results.",
  label: "Label",
  labelHint: "Your own word, for finding it again",
  more: "More settings",
  profile: "Weights of the vote",
  smoothing: "Smoothing",
  smoothingHint: "0 is raw; 0.9 is very calm",
  minFaceSize: "Smallest face",
  minFaceSizeHint: "in pixels",
  send: "Send and start",
  notNow: "Not now",
  badTime: "Seconds, or minutes and seconds such as 1:23.",
  endBeforeStart: "The end lies after the start.",
  uploadsTitle: "On their way",
  cancelUpload: "Stop",
  jobsTitle: "Videos on this server",
  filterState: "State",
  anyState: "All",
  filterLabel: "Label",
  noJobs: "No video yet.",
  noJobsFiltered: "No video has that state and label.",
  moreJobs: "Show more",
  jobsLoading: "Loading the list…",
  jobsLost: "The list is not live at the moment; trying again…",
  cancelJob: "Cancel",
  deleteJob: "Delete",
  deleteTitle: "Delete it for good?",
  deleteYes: "Delete",
  deleteNo: "Keep it",
  jobTitle: "A video",
  back: "All pictures and videos",
  copyLink: "Copy the link",
  copied: "Copied",
  linkHere: "The link, to be copied from here",
  progress: "Progress",
  jobLoading: "Loading…",
  queued: "It waits for its turn.",
  mayLeave: "You may close this page. The link brings you back.",
  finishing: "Putting the results together…",
  jobLost: "The connection was lost; trying again…",
  playerTitle: "The video",
  askFile: "See it beside the numbers",
  askFileAdvice: "The video itself was deleted when it had been worked through. It stays on your device: it is not uploaded again.",
  chooseFile: "Choose the video",
  chooseOther: "Choose another file",
  playAnnotated: "Play the annotated video",
  playOwn: "Play your own file",
  gliding: "Boxes glide between the moments that were looked at; the numbers are those of the last one.",
  drawnIn: "Boxes and bars are drawn into this video.",
  unplayable: "Your browser can’t play this file",
  unplayableAdvice: "The numbers are all here without it. Another browser may know the format.",
  zipAdvice: "A zip of pictures can’t be played. The timeline below moves through it.",
  fullScreen: "Full screen",
  nobodyNow: "No face at this moment",
  nobodyNowBody: "Move along the timeline to a moment with a face.",
  timelineTitle: "Over time",
  timelineSlider: "Place in the video",
  timelineFace: "Face",
  timelineHint: "Click to go there. Drag to look closer, double click to see all again. Arrow keys step.",
  zoomOut: "See all",
  lines: "Lines of the chart",
  summaryTitle: "Each face",
  meanOf: "Mean over its time",
  showTimeline: "Show its timeline",
  peaks: "Strongest at",
  allFaces: "Show all faces",
  downloadsTitle: "Download",
  rowsCsv: "Rows as CSV",
  rowsNdjson: "Rows as NDJSON",
  summaryJson: "Summary as JSON",
  timelinePng: "Timeline as PNG",
  annotatedVideo: "Annotated video",
  missingTitle: "Some of it is missing",
  unreadable: "moments could not be decoded",
  noFaces: "No face was found in the whole video.",
};

/** What of it leaves the device, and where to. @param {string} host */
export const whereFilesGo = (host) => `Both go to this server (${host}) and nowhere else.`;

/** @type {Record<import("./files/api.js").JobState, string>} */
export const JOB_STATES = {
  queued: "waiting",
  running: "running",
  cancelling: "being cancelled",
  succeeded: "done",
  partially_succeeded: "done in part",
  failed: "failed",
  cancelled: "cancelled",
  expired: "expired",
};

/** For screen readers. @param {string} name @param {import("./files/api.js").JobState} state */
export const jobWords = (name, state) => `${name}: ${JOB_STATES[state]}`;

/** Why there is nothing to see of a job, by its state. @type {Record<string, Problem>} */
export const JOB_ENDS = {
  failed: { title: "This video could not be read", advice: "Send it again as MP4 or WebM; most programs can save it so." },
  cancelled: { title: "It was cancelled", advice: "What had been found was thrown away. Send the video again to start over." },
  expired: { title: "Its numbers have expired", advice: "Results are kept for a while only. Send the video again to have them anew." },
};

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
  scope_needed: { title: "Your key is not for this", advice: "Ask the server’s owner for a key that is." },
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

/** @param {number} id @param {string} words */
export const leaning = (id, words) => `${faceName(id)}: ${words}`;

/** @param {number} count */
const facesFound = (count) => (count === 1 ? "1 face" : `${count} faces`);

/** A picture for screen readers. @param {string} name @param {{ id: number, top: string, uncertain: boolean }[]} faces */
export const pictureWords = (name, faces) =>
  `${name}: ${facesFound(faces.length)}${faces.length > 0 ? `. ${announcement(faces)}` : ""}`;

/** @param {string} from @param {string} to */
export const madeSmaller = (from, to) => `Your browser made it smaller before sending, from ${from} to ${to}: the server takes no larger ones.`;
export const SAVED_ANEW = "Your browser saved it anew before sending: the server does not know this format.";

/** @param {number} percent @param {string} sent @param {string} all @param {string} left empty when not known */
export const uploadProgress = (percent, sent, all, left) =>
  `${percent} % · ${sent} of ${all}${left ? ` · about ${left} left` : ""}`;

/** @param {{ frames_done: number, frames_total: number | null }} progress @param {string} left empty when not known */
export const jobProgress = ({ frames_done, frames_total }, left) =>
  frames_total === null
    ? "not looked at yet"
    : `${frames_done} of ${frames_total} moments${left ? ` · about ${left} left` : ""}`;

/** @param {string} name */
export const deleteBody = (name) => ({
  open: `“${name}”, its numbers and its annotated video will be gone for everybody.`,
  keyed: `“${name}”, its numbers and its annotated video will be gone for everybody who has your key.`,
});

/** A button for screen readers, where several say the same. @param {string} action @param {string} name */
export const namedButton = (action, name) => `${action}: ${name}`;

/** @param {string} expected @param {string} given */
export const otherLength = (expected, given) =>
  `Is this the right file? It is ${given} long, the one that was sent ${expected}. The boxes may not fit.`;

/** @param {number} percent of the video */
export const rowsLoaded = (percent) => `Loading the numbers: ${percent} % of the video`;

/** @param {string} from @param {string} to @param {string} message */
export const missingStretch = (from, to, message) => `${from} to ${to}: ${message}`;

/** @param {string} onScreen @param {string} from @param {string} to */
export const seenFor = (onScreen, from, to) => `${onScreen} on screen, between ${from} and ${to}`;

/** @param {string} top @param {number} percent @param {string} at */
export const peak = (top, percent, at) => `${label(top)} ${percent} % at ${at}`;

/** @param {string} top @param {number} share */
export const shareOfTime = (top, share) => `${label(top)} on top ${share} % of the time`;

export const FACTS = {
  sent: "Sent",
  label: "Label",
  video: "Video",
  looked: "Looked at",
  members: "Models",
  took: "Took",
  kept: "Kept until",
  end: "the end",
};

/** @param {number} fps @param {string} stretch empty for all of it */
export const lookedAt = (fps, stretch) => `${Math.round(fps * 100) / 100} moments a second${stretch ? `, ${stretch}` : ""}`;

/** @param {number} pictures */
export const zipFacts = (pictures) => `a zip of ${pictures} pictures, one a second`;

/**
 * A place on the timeline for screen readers.
 * @param {string} at
 * @param {number} id
 * @param {{ top: string, uncertain: boolean, smoothed: Record<string, number> } | undefined} face undefined when it is not seen
 */
export const placeWords = (at, id, face) =>
  face ? `${at}, ${chip(id, face.top, Math.round(face.smoothed[face.top] * 100), face.uncertain)}` : `${at}, ${faceName(id)} is not seen`;
