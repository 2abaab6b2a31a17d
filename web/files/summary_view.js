// @ts-check
/** Each face over the whole video: when it was seen, how it looked on the whole, where each label was strongest. */

import { Bars } from "../bars.js";
import { colourOf, element } from "../dom.js";
import { percentages, topLabel } from "../percentages.js";
import * as texts from "./texts.js";
import { smallButton } from "./buttons.js";
import { lineOf } from "../lines.js";
import { clock, duration } from "./times.js";

/** @typedef {import("./api.js").FaceSummary} FaceSummary */

const { FILES } = texts;
const AT_FIRST = 12;
const COLOURS = 6;
const PEAKS = 3;
/** A label that was never higher than this was not shown. */
const LOWEST_PEAK = 0.3;
const STRIP = { width: 600, height: 12 };

export class SummaryView {
  /** @type {Map<number, HTMLCanvasElement>} face id -> its strip */
  #strips = new Map();
  #list = element("div", { className: "summaries" });

  /**
   * @param {import("./api.js").Summary} found
   * @param {import("./rows.js").Rows} rows
   * @param {import("./moments.js").Plan} plan
   * @param {import("./playhead.js").Playhead} playhead
   * @param {(faceId: number) => void} onChoose
   */
  constructor(found, rows, plan, playhead, onChoose) {
    this.rows = rows;
    this.plan = plan;
    this.playhead = playhead;
    this.onChoose = onChoose;
    const title = element("h2", { textContent: FILES.summaryTitle });
    this.root = element("section", { className: "summary", hidden: found.faces.length === 0 }, title, this.#list);
    this.#show(found.faces.slice(0, AT_FIRST));
    const rest = found.faces.slice(AT_FIRST);
    if (rest.length === 0) return;
    const more = smallButton(FILES.allFaces, () => {
      more.remove();
      this.#show(rest);
      this.redraw();
      this.#list.children[AT_FIRST].querySelector("button")?.focus();
    });
    this.root.append(more);
  }

  /** @param {FaceSummary[]} faces */
  #show(faces) {
    this.#list.append(...faces.map((face) => this.#card(face)));
  }

  redraw() {
    for (const [faceId, strip] of this.#strips) this.#drawStrip(faceId, strip);
  }

  /** @param {FaceSummary} face */
  #card(face) {
    const name = texts.faceName(face.face_id);
    const bars = new Bars(`${name}, ${FILES.meanOf}`, Object.keys(face.mean_probabilities));
    const shares = face.mean_probabilities;
    bars.update({ top: topLabel(shares), shares, percent: percentages(shares) });
    const strip = element("canvas", { className: "strip", ...STRIP });
    strip.setAttribute("role", "img");
    strip.ariaLabel = Object.entries(face.share_of_time)
      .filter(([, share]) => share > 0)
      .map(([label, share]) => texts.shareOfTime(label, Math.round(share * 100)))
      .join(", ");
    strip.addEventListener("click", (event) => this.#jumpTo(event.offsetX / strip.clientWidth));
    this.#strips.set(face.face_id, strip);
    const head = element(
      "div",
      { className: "section-head" },
      element("h3", { className: "face-name", textContent: name }),
      smallButton(FILES.showTimeline, () => this.onChoose(face.face_id), name),
    );
    const seen = texts.seenFor(duration(face.seconds_on_screen), clock(face.first_s), clock(face.last_s));
    const card = element("article", { className: "card", ariaLabel: name }, head, element("p", { className: "hint", textContent: seen }));
    card.append(strip, element("p", { className: "hint", textContent: FILES.meanOf }), bars.root, this.#peaks(face));
    card.dataset.colour = String(face.face_id % COLOURS);
    return card;
  }

  /** Where the labels that it showed were strongest. @param {FaceSummary} face */
  #peaks(face) {
    const highest = Object.entries(face.peaks).sort(([, a], [, b]) => b.probability - a.probability);
    const shown = highest.filter(([, peak], rank) => rank === 0 || peak.probability >= LOWEST_PEAK);
    const buttons = shown.slice(0, PEAKS).map(([label, { time_s: time, probability }]) => {
      const words = texts.peak(label, Math.round(probability * 100), clock(time));
      return smallButton(words, () => this.playhead.jump(time));
    });
    return element("div", { className: "peaks" }, element("p", { className: "hint", textContent: FILES.peaks }), element("div", { className: "actions" }, ...buttons));
  }

  /** @param {number} share of the whole stretch */
  #jumpTo(share) {
    const { startS, endS } = this.playhead;
    this.playhead.jump(startS + share * (endS - startS));
  }

  /** Where it was seen, in the colour of the label that was on top. @param {number} faceId @param {HTMLCanvasElement} strip */
  #drawStrip(faceId, strip) {
    const { rows, plan } = this;
    const { startS, endS } = this.playhead;
    const context = /** @type {CanvasRenderingContext2D} */ (strip.getContext("2d"));
    const scale = STRIP.width / Math.max(endS - startS, 1e-9);
    const colours = new Map(rows.labels.map((label) => [label, colourOf(lineOf(label).colour)]));
    context.clearRect(0, 0, STRIP.width, STRIP.height);
    const own = rows.rowsOf(faceId);
    for (let at = 0; own && at < own.length; at += 1) {
      const row = own.get(at);
      context.fillStyle = colours.get(rows.top(row)) ?? "gray";
      context.fillRect((rows.time(row) - startS) * scale, 0, Math.ceil(scale / plan.fps) + 1, STRIP.height);
    }
  }
}
