// @ts-check
/** Links to a job's results; the browser saves them without this page holding them. */

import { element } from "../dom.js";
import { followable } from "../key.js";
import { refusalNotice } from "../notice.js";
import { FILES } from "./texts.js";
import { exists, jobPath } from "./api.js";

/** @param {import("./api.js").Job} job @param {boolean} annotated whether there is such a video */
export function downloads(job, annotated) {
  const path = jobPath(job.id);
  const base = job.file_name.replace(/\.[^.]*$/, "") || job.file_name;
  const trouble = element("div");
  /** @param {string} href @param {string} name @param {string} words */
  const link = (href, name, words) => {
    const made = element("a", { href, download: name, className: "button secondary small", textContent: words });
    return followable(made, (refused) => trouble.replaceChildren(refusalNotice(refused)));
  };
  const links = [
    link(`${path}/results?format=csv`, `${base}.csv`, FILES.rowsCsv),
    link(`${path}/results?format=ndjson`, `${base}.ndjson`, FILES.rowsNdjson),
    link(`${path}/summary`, `${base}.summary.json`, FILES.summaryJson),
    link(`${path}/timeline.png`, `${base}.png`, FILES.timelinePng),
  ];
  if (annotated) links.push(link(`${path}/annotated`, `${base}.annotated.webm`, FILES.annotatedVideo));
  const title = element("h2", { textContent: FILES.downloadsTitle });
  return element("section", { className: "downloads" }, title, element("div", { className: "actions" }, ...links), trouble);
}

/** It is missing where the video could not be drawn into. @param {import("./api.js").Job} job */
export const hasAnnotated = async (job) => job.options.annotated && exists(`${jobPath(job.id)}/annotated`);
