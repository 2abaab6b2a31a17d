// @ts-check
/** What was sent and what was asked for, as a list of words and values. */

import { element } from "../dom.js";
import * as texts from "./texts.js";
import { planOf } from "./moments.js";
import { clock, dateAndTime, duration } from "./times.js";

/** @param {import("./api.js").Job} job */
export function jobFacts(job) {
  const { options, video } = job;
  const end = options.end_s === null ? FACTS.end : clock(options.end_s);
  const whole = options.start_s === 0 && options.end_s === null;
  /** @type {[string, string][]} */
  const facts = [[FACTS.sent, dateAndTime(job.created_s)]];
  if (job.label) facts.push([FACTS.label, job.label]);
  if (video) facts.push([FACTS.video, videoWords(video)]);
  facts.push([FACTS.looked, texts.lookedAt(planOf(job).fps, whole ? "" : `${clock(options.start_s)} – ${end}`)]);
  if (Object.keys(job.members).length > 0) facts.push([FACTS.members, Object.keys(job.members).join(", ")]);
  if (job.ended_s !== null) facts.push([FACTS.took, duration(job.ended_s - job.created_s)]);
  if (job.expires_s !== null && job.state !== "expired") facts.push([FACTS.kept, dateAndTime(job.expires_s)]);
  return element("dl", { className: "facts-list" }, ...facts.map(fact));
}

const { FACTS } = texts;

/** @param {[string, string]} fact */
const fact = ([name, value]) =>
  element("div", {}, element("dt", { textContent: name }), element("dd", { textContent: value, className: "file-name" }));

/** @param {NonNullable<import("./api.js").Job["video"]>} video */
function videoWords({ container, codec, width, height, fps, duration_s: seconds }) {
  if (container === "zip") return texts.zipFacts(Math.round(seconds));
  return `${clock(seconds)} · ${width} × ${height} · ${Math.round(fps * 100) / 100} fps · ${codec}`;
}
