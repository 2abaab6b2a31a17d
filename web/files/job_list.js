// @ts-check
/** The videos on this server, newest first, kept up to date while they are looked at. */

import { clear, element, setText } from "../dom.js";
import * as texts from "./texts.js";
import { jobs } from "./api.js";
import { smallButton } from "./buttons.js";
import { Events } from "./events.js";
import { field } from "./fields.js";
import { JobRow } from "./job_row.js";
import { refusalNotice } from "../notice.js";

/** @typedef {import("./api.js").Job} Job */

const { FILES } = texts;
const TYPING_MS = 300;
const AGAIN_MS = 5_000;

export class JobList {
  /** @type {Map<string, JobRow>} */
  #rows = new Map();
  /** @type {string | null} */
  #next = null;
  /** @type {Events | undefined} */
  #events;
  /** What events told since the page that is waited for was asked for: it may be older. None for a job that is gone. @type {Map<string, Job | undefined>} */
  #heard = new Map();
  /** Grows with each loading, so that of two at once only the later one is shown. */
  #turn = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #typing;
  /** Whether what is shown is of before, for the list could not be had; an event must not hide that. */
  #lost = false;
  #status = element("select", {}, new Option(FILES.anyState, ""), ...stateOptions());
  #label = element("input", { type: "search", autocomplete: "off" });
  #list = element("ul", { className: "jobs" });
  #note = element("p", { className: "hint", role: "status", textContent: FILES.jobsLoading });
  #trouble = element("div");
  #more = element("button", { type: "button", className: "secondary", hidden: true, textContent: FILES.moreJobs });

  constructor() {
    const filters = element("div", { className: "filters" }, field(this.#status, FILES.filterState), field(this.#label, FILES.filterLabel));
    const head = element("div", { className: "section-head" }, element("h2", { textContent: FILES.jobsTitle }), filters);
    this.root = element("section", { className: "job-list" }, head, this.#note, this.#trouble, this.#list, this.#more);
    this.#status.addEventListener("change", () => this.#again());
    this.#label.addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.#again(), TYPING_MS);
    });
    this.#more.addEventListener("click", () => this.#loadMore());
  }

  /** The events come first and the list after them, so that nothing is missed between the two. */
  show() {
    this.#events = new Events("/v1/jobs/events", {
      opened: () => this.#reload(),
      lost: () => this.#reload(),
      on: { job: (job) => this.#changed(job), gone: ({ id }) => this.#isGone(id) },
    });
  }

  hide() {
    this.#events?.close();
    this.#events = undefined;
  }

  /** As many pages as there were. */
  async #reload() {
    const before = [...this.#rows];
    const found = new Set();
    /** @type {string | null} */
    let cursor = "";
    do {
      const page = await this.#load(cursor);
      if (!page) return;
      for (const { id } of page.jobs) found.add(id);
      this.#add(page);
      cursor = page.next;
    } while (cursor && found.size < Math.max(1, before.length));
    for (const [id, row] of before) {
      if (!found.has(id)) this.#forget(id, row);
    }
    this.#sayWhetherAny();
  }

  async #loadMore() {
    const first = this.#rows.size;
    const page = await this.#load(this.#next ?? "");
    if (page) this.#add(page);
    ([...this.#rows.values()][first]?.link ?? (this.#more.hidden ? this.#status : this.#more)).focus();
  }

  /** @param {string} cursor empty for the newest */
  async #load(cursor) {
    const turn = (this.#turn += 1);
    this.#heard.clear();
    try {
      const page = await jobs({ ...this.#filter(), ...(cursor && { cursor }) });
      clear(this.#trouble, this.#status);
      this.#lost = false;
      return turn === this.#turn ? page : undefined;
    } catch (error) {
      this.#tell(error);
      return undefined;
    }
  }

  /** What passes by itself is tried again; a refusal is not. @param {unknown} error */
  #tell(error) {
    const { passing } = /** @type {import("../refused.js").Refused} */ (error);
    if (!passing) this.hide();
    this.#lost = passing;
    setText(this.#note, passing ? FILES.jobsLost : "");
    clearTimeout(this.#typing);
    if (passing) this.#typing = setTimeout(() => this.#events && this.#reload(), AGAIN_MS);
    const told = refusalNotice(error, smallButton(FILES.tryAgain, () => this.#again()));
    if (this.#trouble.textContent !== told.textContent) this.#trouble.replaceChildren(told);
  }

  /** Opens the events, too, where a refusal has closed them. */
  #again() {
    if (this.#events) this.#reload();
    else this.show();
  }

  #filter() {
    const all = { status: this.#status.value, label: this.#label.value.trim() };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
  }

  /** @param {import("./api.js").JobPage} page */
  #add({ jobs: found, next }) {
    for (const listed of found) {
      const job = this.#heard.has(listed.id) ? this.#heard.get(listed.id) : listed;
      if (job && this.#fits(job)) this.#place(job);
    }
    this.#next = next;
    this.#more.hidden = next === null;
    this.#sayWhetherAny();
  }

  /** @param {Job} job */
  #changed(job) {
    this.#heard.set(job.id, job);
    if (!this.#fits(job)) return this.#remove(job.id);
    const oldest = [...this.#rows.values()].at(-1);
    const onALaterPage = this.#next !== null && oldest !== undefined && job.created_s < oldest.job.created_s;
    if (this.#rows.has(job.id) || !onALaterPage) this.#place(job);
    this.#sayWhetherAny();
  }

  /** @param {Job} job */
  #fits(job) {
    const { status, label } = /** @type {{ status?: string, label?: string }} */ (this.#filter());
    return (!status || job.state === status) && (!label || job.label === label);
  }

  /** In the order of their coming, the newest first. @param {Job} job */
  #place(job) {
    const known = this.#rows.get(job.id);
    if (known) return known.update(job);
    const row = new JobRow(job, (error) => this.#trouble.replaceChildren(refusalNotice(error)));
    const all = [...this.#rows.values()];
    const after = all.find((other) => other.job.created_s < job.created_s);
    this.#list.insertBefore(row.root, after?.root ?? null);
    const ordered = [...all, row].sort((a, b) => b.job.created_s - a.job.created_s);
    this.#rows = new Map(ordered.map((one) => [one.job.id, one]));
  }

  /** @param {string} id */
  #isGone(id) {
    this.#heard.set(id, undefined);
    this.#remove(id);
  }

  /** @param {string} id */
  #remove(id) {
    const row = this.#rows.get(id);
    if (row) this.#forget(id, row);
    this.#sayWhetherAny();
  }

  /** The focus must not fall back to the page's start. @param {string} id @param {JobRow} row */
  #forget(id, row) {
    const focused = row.root.contains(document.activeElement);
    const neighbour = row.root.nextElementSibling ?? row.root.previousElementSibling;
    row.root.remove();
    this.#rows.delete(id);
    if (focused) /** @type {HTMLElement} */ (neighbour?.querySelector("a") ?? this.#status).focus();
  }

  #sayWhetherAny() {
    if (this.#lost) return;
    const filtered = Object.keys(this.#filter()).length > 0;
    const words = filtered ? FILES.noJobsFiltered : FILES.noJobs;
    setText(this.#note, this.#rows.size > 0 ? "" : words);
  }
}

const stateOptions = () => Object.entries(texts.JOB_STATES).map(([state, words]) => new Option(words, state));
