// @ts-check
/** The words of pictures, videos and jobs. */

import { announcement, chip, faceName, label } from "../texts.js";

export * from "../texts.js";

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

/** @type {Record<import("./api.js").JobState, string>} */
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

/** For screen readers. @param {string} name @param {import("./api.js").JobState} state */
export const jobWords = (name, state) => `${name}: ${JOB_STATES[state]}`;

/** Why there is nothing to see of a job, by its state. @type {Record<string, import("../texts.js").Problem>} */
export const JOB_ENDS = {
  failed: {
    title: "This job failed",
    advice: "Below is why. Where the video itself could not be read, it often can once it was saved anew as MP4 or WebM; most programs can do that.",
  },
  cancelled: { title: "It was cancelled", advice: "What had been found was thrown away. Send the video again to start over." },
  expired: { title: "Its numbers have expired", advice: "Results are kept for a while only. Send the video again to have them anew." },
};

/** @param {number} id @param {string} words */
export const leaning = (id, words) => `${faceName(id)}: ${words}`;

/** @param {number} count */
const facesFound = (count) => (count === 1 ? "1 face" : `${count} faces`);

/** A picture for screen readers. @param {string} name @param {{ id: number, top: string, uncertain: boolean }[]} faces */
export const pictureWords = (name, faces) =>
  `${name}: ${facesFound(faces.length)}${faces.length > 0 ? `. ${announcement(faces)}` : ""}`;

/** @param {string} from @param {string} to */
export const madeSmaller = (from, to) => `Your browser made it smaller before sending, from ${from} to ${to}: the server takes no larger ones.`;

/** @param {number} count @param {number} most */
export const picturesLeftOut = (count, most) =>
  `${count} ${count === 1 ? "picture was" : "pictures were"} left out: ${most} are shown at once. Remove some first, or send them all in one zip, as a video is sent.`;

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
