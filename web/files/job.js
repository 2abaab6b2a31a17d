// @ts-check
/** One job, by its id in the address: how it stands while it runs, then what it found. */

import { byId, element, setText } from "../dom.js";
import * as texts from "./texts.js";
import { cancelJob, deleteJob, job as askJob, jobPath } from "./api.js";
import { smallButton } from "./buttons.js";
import { confirmDelete } from "./confirm.js";
import { Events } from "./events.js";
import { field } from "./fields.js";
import { jobFacts } from "./job_facts.js";
import { hasEnded, hasResults, StateOfJob } from "./job_state.js";
import { notice, refusalNotice } from "../notice.js";

/** @typedef {import("./api.js").Job} Job */

const { FILES } = texts;
const COPIED_MS = 2_000;

/** @param {HTMLElement} section @returns {import("../router.js").View} */
export function mountJob(section) {
  /** @type {JobScreen | undefined} */
  let screen;
  return {
    show([id = ""]) {
      screen?.close();
      screen = new JobScreen(id);
      section.replaceChildren(screen.root);
    },
    hide() {
      screen?.close();
      section.replaceChildren();
    },
  };
}

class JobScreen {
  #gone = new AbortController();
  /** @type {Events | undefined} */
  #events;
  /** @type {import("./results.js").Results | undefined} */
  #results;
  #ended = false;
  #title = element("h1", { className: "file-name", textContent: FILES.jobLoading });
  #facts = element("div", { className: "job-facts" });
  #state = new StateOfJob();
  #note = element("p", { className: "hint", role: "status" });
  #link = element("div");
  #trouble = element("div");
  #body = element("div");
  #actions = element("div", { className: "actions" });
  #cancel = this.#button(FILES.cancelJob, () => cancelJob(this.id).then((job) => this.#show(job)));
  #copy = this.#button(FILES.copyLink, () => this.#copyLink());
  #delete = this.#button(FILES.deleteJob, () => this.#deleteIt());

  /** @param {string} id */
  constructor(id) {
    this.id = id;
    const back = element("a", { className: "back", href: "#/files", textContent: FILES.back });
    const head = element("div", { className: "job-head" }, this.#title, this.#actions);
    this.#state.root.hidden = true;
    this.root = element("div", { className: "job-view" }, back, head, this.#link, this.#facts, this.#state.root, this.#note, this.#trouble, this.#body);
    this.#ask();
  }

  close() {
    this.#gone.abort();
    this.#events?.close();
    this.#results?.close();
  }

  async #ask() {
    try {
      this.#show(await askJob(this.id, this.#gone.signal));
    } catch (error) {
      if (this.#gone.signal.aborted) return;
      this.#tell(error);
      if (/** @type {import("../refused.js").Refused} */ (error).passing) this.#keepTrying();
      else this.#giveUp();
    }
  }

  /** Once: a screen reader need not hear of each attempt. @param {unknown} error */
  #tell(error) {
    const told = refusalNotice(error, smallButton(FILES.tryAgain, () => this.#ask()));
    if (this.#trouble.textContent !== told.textContent) this.#trouble.replaceChildren(told);
  }

  /** The events do. */
  #keepTrying() {
    this.#watch();
    setText(this.#note, FILES.jobLost);
  }

  #giveUp() {
    this.#events?.close();
    this.#events = undefined;
    this.#actions.replaceChildren();
    this.#facts.replaceChildren();
    this.#state.root.hidden = true;
    setText(this.#title, FILES.jobTitle);
    setText(this.#note, "");
  }

  /** @param {Job} job */
  #show(job) {
    const overtaken = this.#ended && !hasEnded(job); // an answer by the event that came after it was given
    if (this.#gone.signal.aborted || overtaken) return;
    const focused = this.#trouble.contains(document.activeElement);
    this.#trouble.replaceChildren();
    setText(this.#title, job.file_name);
    document.title = `${job.file_name} · Thespis`;
    this.#facts.replaceChildren(jobFacts(job));
    this.#state.update(job);
    this.#state.root.hidden = false;
    this.root.dataset.state = job.state;
    this.#offer(job);
    if (focused) this.#copy.focus();
    if (hasEnded(job)) this.#showEnd(job);
    else this.#watch();
  }

  /** @param {Job} job */
  #offer(job) {
    const wanted = job.state === "queued" || job.state === "running" ? [this.#cancel] : [];
    const buttons = [...wanted, this.#copy, this.#delete];
    if (this.#actions.childElementCount === buttons.length) return;
    const focused = [this.#cancel, ...buttons].find((button) => button === document.activeElement);
    this.#actions.replaceChildren(...buttons);
    if (focused) (buttons.includes(focused) ? focused : this.#copy).focus();
  }

  #watch() {
    if (this.#events) return;
    setText(this.#note, FILES.mayLeave);
    const changed = (/** @type {Job} */ job) => this.#show(job);
    this.#events = new Events(`${jobPath(this.id)}/events`, {
      opened: () => {
        setText(this.#note, FILES.mayLeave);
        if (this.#trouble.hasChildNodes()) this.#ask();
      },
      lost: () => {
        setText(this.#note, FILES.jobLost);
        this.#ask();
      },
      on: { state: changed, progress: changed },
    });
  }

  /** @param {Job} job */
  async #showEnd(job) {
    this.#events?.close();
    setText(this.#note, "");
    if (this.#ended) return;
    this.#ended = true;
    setText(byId("announcer"), texts.jobWords(job.file_name, job.state));
    if (!hasResults(job)) return this.#body.replaceChildren(notice({ ...texts.JOB_ENDS[job.state], detail: job.message }));
    // With the charts' library, which nobody waits for before.
    const { Results } = await import("./results.js").catch(() => ({ Results: undefined }));
    if (!Results) return this.#body.replaceChildren(notice(texts.NOT_LOADED, smallButton(texts.TEXTS.loadAgain, () => location.reload())));
    if (this.#gone.signal.aborted) return;
    this.#results = new Results(job);
    this.#body.replaceChildren(this.#results.root);
  }

  async #copyLink() {
    try {
      await navigator.clipboard.writeText(location.href);
    } catch {
      return this.#showLink();
    }
    setText(this.#copy, FILES.copied);
    setText(byId("announcer"), FILES.copied);
    setTimeout(() => setText(this.#copy, FILES.copyLink), COPIED_MS);
  }

  /** A browser lets nobody copy on plain http, for one. */
  #showLink() {
    const address = element("input", { readOnly: true, value: location.href });
    this.#link.replaceChildren(field(address, FILES.linkHere));
    address.select();
  }

  async #deleteIt() {
    if (!(await confirmDelete(this.#title.textContent ?? ""))) return;
    await deleteJob(this.id);
    if (!this.#gone.signal.aborted) location.hash = "#/files";
  }

  /** @param {string} words @param {() => Promise<void>} act */
  #button(words, act) {
    return smallButton(words, () => act().catch((error) => this.#body.prepend(refusalNotice(error))));
  }
}
