// @ts-check
/** How a job stands: a word, a bar and how long it will take. */

import { element, setText } from "../dom.js";
import * as texts from "./texts.js";
import { duration } from "./times.js";

/** @typedef {import("./api.js").Job} Job */

const ENDED = new Set(["succeeded", "partially_succeeded", "failed", "cancelled", "expired"]);

/** @param {Job} job */
export const hasEnded = ({ state }) => ENDED.has(state);

/** @param {Job} job */
export const hasResults = ({ state }) => state === "succeeded" || state === "partially_succeeded";

export class StateOfJob {
  #pill = element("span", { className: "state" });
  #bar = element("progress", { max: 1, ariaLabel: texts.FILES.progress });
  #words = element("p", { className: "hint" });
  root = element("div", { className: "job-state" }, this.#pill, this.#bar, this.#words);

  /** @param {Job} job */
  update(job) {
    const { frames_done: done, frames_total: all, eta_s: eta } = job.progress;
    setText(this.#pill, texts.JOB_STATES[job.state]);
    this.#pill.dataset.state = job.state;
    this.#bar.hidden = job.state !== "running";
    this.#bar.value = all ? done / all : 0;
    setText(this.#words, this.#inWords(job, eta === null ? "" : duration(eta)));
  }

  /** @param {Job} job @param {string} left */
  #inWords(job, left) {
    const { frames_done: done, frames_total: all } = job.progress;
    if (job.state === "queued") return texts.FILES.queued;
    if (job.state === "running") return done === all ? texts.FILES.finishing : texts.jobProgress(job.progress, left);
    return job.state === "failed" ? job.message : "";
  }
}
