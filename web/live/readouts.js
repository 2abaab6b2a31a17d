// @ts-check
/** What was measured: frames sent and answered, latency by stage, frames dropped by reason, members in use. */

import { byId, element, setText } from "../dom.js";
import { Patience } from "../patience.js";
import * as texts from "./texts.js";
import { Rate, Tally, Window, percentile } from "./meters.js";

const SHOW_MS = 250;
const RATE_MS = 2_000;
const LATENCY_MS = 5_000;
/** With some of the results all models are asked, with the others those that the vote weighs; all are told of so long. */
const ALL_ASKED_MS = 1_000;
/** In the order in which a frame goes through them; the last is the whole way. */
const STAGES = ["taking", "way", "queue", "decode", "detect", "ensemble", "all"];

export class Readouts {
  #shownAt = 0;
  #allAsked = new Patience(ALL_ASKED_MS);
  #sent = new Rate(RATE_MS);
  #answered = new Rate(RATE_MS);
  #dropped = new Tally();
  /** @type {Record<string, Window>} */
  #stages = {};
  /** @type {Map<string, HTMLElement[]>} */
  #cells = new Map(STAGES.map((stage) => [stage, [element("td"), element("td")]]));

  constructor() {
    const rows = STAGES.map((stage) => {
      const name = element("th", { scope: "row", textContent: texts.stage(stage) });
      return element("tr", {}, name, ...(this.#cells.get(stage) ?? []));
    });
    byId("stages").replaceChildren(...rows);
    this.reset();
  }

  reset() {
    this.#sent = new Rate(RATE_MS);
    this.#answered = new Rate(RATE_MS);
    this.#dropped = new Tally();
    this.#stages = Object.fromEntries(STAGES.map((stage) => [stage, new Window(LATENCY_MS)]));
    this.#allAsked = new Patience(ALL_ASKED_MS);
    setText(byId("members"), "–");
    setText(byId("members-detail"), "");
  }

  sent() {
    this.#sent.add(performance.now());
  }

  /** @param {string} reason @param {number} [times] */
  dropped(reason, times) {
    this.#dropped.add(reason, times);
  }

  /** @param {import("./wire.js").Result} result @param {import("./inflight.js").Waited} waited @param {number} now */
  answered({ timing_ms: timing, members, faces }, { takingMs, totalMs }, now) {
    this.#answered.add(now);
    const spent = { ...timing, taking: takingMs, way: Math.max(0, totalMs - takingMs - timing.total), all: totalMs };
    for (const stage of STAGES) this.#stages[stage].add(now, spent[/** @type {keyof typeof spent} */ (stage)]);
    const all = faces.some((face) => face.votes);
    if (all) this.#allAsked.came(now);
    if (all || this.#allAsked.isOver(now)) this.#showMembers(members);
  }

  /** @param {number} now */
  show(now) {
    if (now - this.#shownAt < SHOW_MS) return;
    this.#shownAt = now;
    setText(byId("fps"), this.#answered.perSecond(now).toFixed(1));
    setText(byId("fps-sent"), texts.sentPerSecond(this.#sent.perSecond(now)));
    setText(byId("dropped"), String(this.#dropped.total));
    setText(byId("dropped-detail"), texts.dropped(this.#dropped.counts));
    for (const stage of STAGES) this.#showStage(stage, now);
    const all = this.#stages.all.values(now);
    const [p50, p95] = [percentile(all, 0.5), percentile(all, 0.95)];
    setText(byId("latency"), p50 === undefined || p95 === undefined ? "–" : texts.latency(p50, p95));
  }

  /** @param {string} stage @param {number} now */
  #showStage(stage, now) {
    const values = this.#stages[stage].values(now);
    [0.5, 0.95].forEach((share, index) => {
      const value = percentile(values, share);
      const cell = this.#cells.get(stage)?.[index];
      if (cell) setText(cell, value === undefined ? "–" : texts.milliseconds(value));
    });
  }

  /** @param {import("./wire.js").Members} members */
  #showMembers({ used, missing }) {
    const all = used.length + missing.length;
    if (all === 0) return;
    setText(byId("members"), texts.membersUsed(used.length, all));
    setText(byId("members-detail"), missing.length > 0 ? texts.membersMissing(missing) : used.join(", "));
    byId("members-detail").classList.toggle("warning", missing.length > 0);
  }
}
