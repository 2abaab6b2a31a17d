// @ts-check
/** One job in the list: its name, how it stands and what can be done with it. */

import { element } from "../dom.js";
import * as texts from "./texts.js";
import { cancelJob, deleteJob } from "./api.js";
import { smallButton } from "./buttons.js";
import { confirmDelete } from "./confirm.js";
import { StateOfJob } from "./job_state.js";
import { dateAndTime } from "./times.js";

const { FILES } = texts;

export class JobRow {
  /** @type {import("./api.js").Job} */
  job;

  /** @param {import("./api.js").Job} job @param {(error: unknown) => void} onTrouble */
  constructor(job, onTrouble) {
    this.job = job;
    this.state = new StateOfJob();
    this.link = element("a", { className: "file-name strong", href: `#/jobs/${job.id}`, textContent: job.file_name });
    const when = element("time", { dateTime: new Date(job.created_s * 1000).toISOString(), textContent: dateAndTime(job.created_s) });
    const facts = element("p", { className: "hint facts" }, when);
    if (job.label) facts.append(element("span", { className: "label-chip", textContent: job.label }));
    this.cancel = smallButton(FILES.cancelJob, () => cancelJob(job.id).catch(onTrouble), job.file_name);
    this.delete = smallButton(FILES.deleteJob, () => this.#delete().catch(onTrouble), job.file_name);
    const actions = element("div", { className: "actions" }, this.cancel, this.delete);
    this.root = element("li", { className: "job" }, element("div", {}, this.link, facts), this.state.root, actions);
    this.root.dataset.jobId = job.id;
    this.update(job);
  }

  /** @param {import("./api.js").Job} job */
  update(job) {
    this.job = job;
    this.state.update(job);
    this.root.dataset.state = job.state;
    const over = job.state !== "queued" && job.state !== "running";
    if (over && document.activeElement === this.cancel) this.delete.focus();
    this.cancel.hidden = over;
  }

  async #delete() {
    if (await confirmDelete(this.job.file_name)) await deleteJob(this.job.id);
  }
}
