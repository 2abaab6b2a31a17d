// @ts-check
/** What was found in a video: player, timeline, summary and downloads around one moment that they share. */

import { clear, element, setText } from "../dom.js";
import * as texts from "./texts.js";
import { summary } from "./api.js";
import { smallButton } from "./buttons.js";
import { downloads, hasAnnotated } from "./downloads.js";
import { notice, refusalNotice } from "../notice.js";
import { planOf } from "./moments.js";
import { Player } from "./player.js";
import { Playhead } from "./playhead.js";
import { loadRows } from "./result_pages.js";
import { Rows } from "./rows.js";
import { SummaryView } from "./summary_view.js";
import { clock } from "./times.js";
import { Timeline } from "./timeline.js";

const { FILES } = texts;
/** While rows come in, the charts are drawn anew this often, and where they are large less often still. */
const REDRAW_MS = 500;
const SHARE_FOR_DRAWING = 0.1;

export class Results {
  #gone = new AbortController();
  /** @type {string | null} where the next rows are */
  #cursor = "0";
  #status = element("p", { className: "hint loading", role: "status", tabIndex: -1 });
  #trouble = element("div");
  root = element("div", { className: "results" }, this.#status, this.#trouble);

  /** @param {import("./api.js").Job} job that has results */
  constructor(job) {
    this.job = job;
    this.#try(() => this.#show());
  }

  /** What is shown already stays; the step goes on where it was. @param {() => Promise<void>} step */
  async #try(step) {
    clear(this.#trouble, this.#status);
    try {
      await step();
    } catch (error) {
      if (this.#gone.signal.aborted) return;
      setText(this.#status, "");
      this.#trouble.replaceChildren(refusalNotice(error, smallButton(FILES.tryAgain, () => this.#try(step))));
    }
  }

  close() {
    this.#gone.abort();
    this.player?.close();
    this.timeline?.close();
  }

  async #show() {
    const { job } = this;
    const found = await summary(job.id, this.#gone.signal);
    const annotated = await hasAnnotated(job);
    this.#gone.signal.throwIfAborted();
    const labels = Object.keys(found.faces[0]?.mean_probabilities ?? {});
    const rows = new Rows(labels, job.options.votes ? Object.keys(job.members) : []);
    const plan = planOf(job);
    const startS = plan.start_s;
    const endS = Math.min(job.options.end_s ?? Infinity, job.video?.duration_s ?? startS);
    const playhead = new Playhead(startS, endS);
    const ids = found.faces.map((face) => face.face_id);
    const choose = (/** @type {number} */ faceId) => this.#choose(faceId);
    this.player = new Player(job, annotated, rows, plan, playhead, choose);
    this.timeline = new Timeline(job, rows, plan, playhead, ids, choose);
    const faces = new SummaryView(found, rows, plan, playhead, (faceId) => {
      choose(faceId);
      this.timeline?.reveal();
    });
    if (ids.length > 0) choose(ids[0]);
    document.addEventListener("themechange", () => faces.redraw(), { signal: this.#gone.signal });
    this.root.append(...this.#missing(found), this.player.root, this.timeline.root, faces.root, downloads(job, annotated));
    const redraw = () => {
      this.timeline?.redraw();
      faces.redraw();
      playhead.refresh();
    };
    this.#try(() => this.#load(rows, redraw, playhead));
  }

  /** The face whose line and votes are shown. @param {number} faceId */
  #choose(faceId) {
    this.timeline?.choose(faceId);
    this.player?.choose(faceId);
  }

  /** @param {Rows} rows @param {() => void} redraw @param {Playhead} playhead */
  async #load(rows, redraw, playhead) {
    let nextMs = 0;
    await loadRows(this.job.id, this.#cursor, this.#gone.signal, (page) => {
      rows.add(page.rows);
      this.#cursor = page.next;
      const share = (rows.lastTime - playhead.startS) / Math.max(playhead.endS - playhead.startS, 1e-9);
      setText(this.#status, texts.rowsLoaded(Math.min(99, Math.round(share * 100))));
      const startedMs = performance.now();
      if (startedMs < nextMs) return;
      redraw();
      nextMs = performance.now() + Math.max(REDRAW_MS, (performance.now() - startedMs) / SHARE_FOR_DRAWING);
    });
    redraw();
    setText(this.#status, "");
    this.root.dataset.loaded = String(rows.count);
  }

  /** @param {import("./api.js").Summary} found */
  #missing({ faces, unreadable_frames: unreadable }) {
    const stretches = this.job.errors.map((error) => texts.missingStretch(clock(error.start_s), clock(error.end_s), error.message));
    if (unreadable > 0) stretches.push(`${unreadable} ${FILES.unreadable}`);
    if (faces.length === 0) stretches.push(FILES.noFaces);
    if (stretches.length === 0) return [];
    const list = element("ul", {}, ...stretches.slice(0, 20).map((textContent) => element("li", { textContent })));
    return [notice({ title: faces.length === 0 ? FILES.noFace : FILES.missingTitle, advice: this.job.message }, list)];
  }
}
