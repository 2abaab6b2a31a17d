// @ts-check
/** The REST API as the page asks it. Raises Refused. */

import { keyedFetch } from "../key.js";
import { Refused, refusal } from "../refused.js";

/** @typedef {"queued" | "running" | "cancelling" | "succeeded" | "partially_succeeded" | "failed" | "cancelled" | "expired"} JobState */
/**
 * @typedef {object} Job
 * @property {string} id
 * @property {JobState} state
 * @property {string} label
 * @property {string} file_name
 * @property {{ fps: number, start_s: number, end_s: number | null, annotated: boolean, votes: boolean }} options
 * @property {{ frames_done: number, frames_total: number | null, eta_s: number | null }} progress
 * @property {{ start_s: number, end_s: number, message: string }[]} errors
 * @property {string} message
 * @property {{ container: string, codec: string, width: number, height: number, fps: number, duration_s: number, constant_fps: boolean } | null} video
 * @property {Record<string, number>} members
 * @property {number} created_s
 * @property {number | null} ended_s
 * @property {number | null} expires_s
 */
/** @typedef {{ jobs: Job[], next: string | null }} JobPage */
/** @typedef {{ rows: import("./rows.js").Row[], next: string | null }} ResultPage */
/**
 * @typedef {object} FaceSummary
 * @property {number} face_id
 * @property {number} first_s
 * @property {number} last_s
 * @property {number} seconds_on_screen
 * @property {number} frames
 * @property {Record<string, number>} mean_probabilities
 * @property {Record<string, number>} share_of_time
 * @property {Record<string, { time_s: number, probability: number }>} peaks
 */
/** @typedef {{ frames: number, frames_with_faces: number, unreadable_frames: number, faces: FaceSummary[] }} Summary */
/** @typedef {{ width: number, height: number, faces: import("../live/wire.js").Face[], members: { used: string[], missing: string[] } }} Reading */
/** @typedef {{ labels: string[], votes: Record<string, Record<string, number>> }} Models */

/** @param {string} path @param {RequestInit} [options] */
async function ask(path, options) {
  const answer = await keyedFetch(path, options).catch(unreachable);
  if (!answer.ok) throw refusal(answer.status, await answer.text());
  return answer;
}

/** @param {string} path @param {RequestInit} [options] */
const json = async (path, options) => (await ask(path, options)).json().catch(unreachable);

/** A connection may end in the middle of an answer, too. @param {Error} error @returns {never} */
function unreachable(error) {
  if (error.name === "AbortError") throw error;
  throw new Refused("unreachable", String(error));
}

/** @param {string} id */
export const jobPath = (id) => `/v1/jobs/${encodeURIComponent(id)}`;

/** @param {string} path @returns {Promise<boolean>} */
export const exists = (path) =>
  ask(path, { method: "HEAD" }).then(
    () => true,
    (error) => {
      if (error.status === 404) return false;
      throw error;
    },
  );

/** @returns {Promise<Models>} */
export const models = () => json("/v1/models");

/**
 * @param {Blob} picture
 * @param {Record<string, string>} query
 * @param {AbortSignal} [signal]
 * @returns {Promise<Reading>}
 */
export const readPicture = (picture, query, signal) =>
  json(`/v1/images?${new URLSearchParams(query)}`, {
    method: "POST",
    body: picture,
    headers: { "Content-Type": "application/octet-stream" },
    signal,
  });

/** @param {{ status?: string, label?: string, cursor?: string }} query @returns {Promise<JobPage>} */
export const jobs = (query) => json(`/v1/jobs?${new URLSearchParams(query)}`);

/** @param {string} id @param {AbortSignal} [signal] @returns {Promise<Job>} */
export const job = (id, signal) => json(jobPath(id), { signal });

/** @param {string} id @returns {Promise<Job>} */
export const cancelJob = (id) => json(`${jobPath(id)}/cancel`, { method: "POST" });

/** @param {string} id */
export const deleteJob = (id) => ask(jobPath(id), { method: "DELETE" });

/** @param {string} id @param {AbortSignal} [signal] @returns {Promise<Summary>} */
export const summary = (id, signal) => json(`${jobPath(id)}/summary`, { signal });

/** @param {string} id @param {string} cursor @param {number} limit @param {AbortSignal} signal @returns {Promise<ResultPage>} */
export const results = (id, cursor, limit, signal) =>
  json(`${jobPath(id)}/results?${new URLSearchParams({ cursor, limit: String(limit) })}`, { signal });
