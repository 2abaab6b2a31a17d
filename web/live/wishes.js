// @ts-check
/** What a person chose on the live view, remembered on this machine; pure but for the storage it is given. */

const KEY = "thespis.live";

/** As often as their table is drawn: people read no faster, and each time all models are asked. */
const VOTES_FPS = 4;

/**
 * @typedef {object} Wishes
 * @property {number} smoothing 0 raw, 0.95 strong
 * @property {string} voteProfile
 * @property {number} maxFaces
 * @property {number} minFaceSize pixels
 * @property {number} fps at most so many frames a second are sent
 * @property {string} quality a key of QUALITIES
 * @property {boolean} mirror
 * @property {boolean} landmarks
 * @property {boolean} votes whether the vote is opened up
 */

/** @type {Wishes} */
export const DEFAULTS = {
  smoothing: 0.6,
  voteProfile: "default",
  maxFaces: 8,
  minFaceSize: 24,
  fps: 25,
  quality: "normal",
  mirror: true,
  landmarks: false,
  votes: true,
};

/** Only what we know, each of its own kind; another version may have stored something else. @param {import("../storage.js").Kept} storage */
export function loadWishes(storage) {
  const stored = parsed(storage.getItem(KEY));
  const known = Object.entries(DEFAULTS).filter(([name, value]) => typeof stored[name] === typeof value);
  return /** @type {Wishes} */ ({ ...DEFAULTS, ...Object.fromEntries(known.map(([name]) => [name, stored[name]])) });
}

/** @param {import("../storage.js").Kept} storage @param {Wishes} wishes */
export function saveWishes(storage, wishes) {
  storage.setItem(KEY, JSON.stringify(wishes));
}

/** As `session.update` has them. @param {Wishes} wishes @param {{ max_faces: number }} limits @param {string[]} profiles */
export function preferencesOf(wishes, limits, profiles) {
  return {
    smoothing: wishes.smoothing,
    max_faces: Math.min(wishes.maxFaces, limits.max_faces),
    min_face_size: wishes.minFaceSize,
    votes: wishes.votes,
    votes_fps: VOTES_FPS,
    ...(profiles.includes(wishes.voteProfile) ? { vote_profile: wishes.voteProfile } : {}),
  };
}

/** @param {string | null} text @returns {Record<string, unknown>} */
function parsed(text) {
  try {
    return JSON.parse(text ?? "{}") ?? {};
  } catch {
    return {};
  }
}
