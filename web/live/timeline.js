// @ts-check
/** The chosen face's last minute as seven lines. It follows the present until it is paused or a part is picked. */

import { byId, colourOf, element, setText } from "../dom.js";
import { lineOf } from "../lines.js";
import * as texts from "./texts.js";
import { History, ticksBack, zoomed } from "./history.js";

const LENGTH_S = 60;
const REDRAW_MS = 100;
const HEIGHT = 240;

export class Timeline {
  #history = new History(LENGTH_S);
  /** What is drawn: the history, or while it is paused what it was then. */
  #shown = this.#history;
  /** @type {import("uplot") | undefined} */
  #plot;
  /** @type {string[]} */
  #labels = [];
  /** @type {number | undefined} */
  #face;
  #drawnAt = 0;
  #now = 0;
  /** What is looked at while it is paused. @type {import("./history.js").Span | undefined} */
  #held;
  #follows = LENGTH_S;
  #legend = byId("timeline-legend");
  #pause = byId("timeline-pause");
  #place = byId("timeline-chart");
  /** @type {typeof import("uplot") | undefined} */
  #uPlot;

  constructor() {
    this.#pause.addEventListener("click", () => (this.#held ? this.#resume() : this.#hold(this.#span)));
    byId("timeline-in").addEventListener("click", () => this.#zoom(0.5));
    byId("timeline-out").addEventListener("click", () => this.#zoom(2));
    document.addEventListener("themechange", () => this.#remake());
    new ResizeObserver(() => this.#plot?.setSize({ width: this.#place.clientWidth, height: HEIGHT })).observe(this.#place);
  }

  /** Takes uPlot in when it is first needed, not before the page is painted. @param {string[]} labels */
  async start(labels) {
    this.#labels = labels;
    this.#uPlot ??= (await import("uplot")).default;
    this.#remake();
  }

  /** @param {number} atMs @param {import("../bars.js").ShownFace[]} faces */
  add(atMs, faces) {
    this.#history.add(atMs / 1000, faces);
  }

  /** Faces of the last minute. */
  get ids() {
    return this.#history.ids;
  }

  /** Faces to choose from. */
  get shownIds() {
    return this.#shown.ids;
  }

  get face() {
    return this.#face;
  }

  /** A person chose it, which counts while it is paused, too. @param {number} face */
  choose(face) {
    this.#face = face;
    this.#show();
  }

  /** @param {number} nowMs @param {number | undefined} face the chosen one */
  draw(nowMs, face) {
    if (this.#held || (face === this.#face && nowMs - this.#drawnAt < REDRAW_MS)) return;
    this.#drawnAt = nowMs;
    this.#face = face;
    this.#now = nowMs / 1000;
    this.#show();
  }

  stop() {
    this.#history.clear();
    this.#resume();
    this.#face = undefined;
    this.#show();
  }

  /** @returns {import("./history.js").Span} */
  get #span() {
    return this.#held ?? { from: this.#now - this.#follows, to: this.#now };
  }

  #show() {
    if (!this.#plot) return;
    const columns = this.#shown.columns(this.#face, this.#labels);
    this.#plot.setData(/** @type {import("uplot").AlignedData} */ (columns), false);
    this.#plot.setScale("x", { min: this.#span.from, max: this.#span.to });
  }

  /** @param {import("./history.js").Span} span */
  #hold(span) {
    if (!this.#held) this.#shown = this.#history.copy();
    this.#held = span;
    this.#sayState();
    this.#plot?.setScale("x", { min: span.from, max: span.to });
  }

  #resume() {
    this.#held = undefined;
    this.#shown = this.#history;
    this.#follows = LENGTH_S;
    this.#sayState();
  }

  #sayState() {
    setText(this.#pause, this.#held ? texts.TEXTS.timelineResume : texts.TEXTS.timelinePause);
    setText(byId("timeline-state"), this.#held ? texts.TEXTS.timelineHeld : "");
  }

  /** @param {number} factor */
  #zoom(factor) {
    const bounds = { from: this.#now - LENGTH_S, to: this.#now };
    if (this.#held) this.#hold(zoomed(this.#held, factor, bounds));
    else this.#follows = Math.min(LENGTH_S, Math.max(5, this.#follows * factor));
    this.#show();
  }

  /** Colours are the theme's, so a new theme is a new chart. */
  #remake() {
    if (!this.#uPlot || this.#labels.length === 0) return;
    this.#plot?.destroy();
    const hidden = new Set(this.#plot?.series.filter((one) => one.show === false).map((one) => one.label));
    this.#plot = new this.#uPlot(this.#options(this.#place.clientWidth, hidden), undefined, this.#place);
    this.#makeLegend(hidden);
    this.#show();
  }

  /** @param {number} width @param {Set<unknown>} hidden @returns {import("uplot").Options} */
  #options(width, hidden) {
    const axis = { stroke: colourOf("--ink-soft"), grid: { stroke: colourOf("--line"), width: 1 }, ticks: { show: false } };
    return {
      width,
      height: HEIGHT,
      legend: { show: false },
      cursor: { drag: { x: true, y: false, setScale: false }, y: false },
      scales: { x: { time: false }, y: { range: [0, 1] } },
      axes: [
        { ...axis, size: 32, splits: (_, __, from, to) => ticksBack(this.#now, from, to), values: (_, ticks) => ticks.map((at) => texts.secondsAgo(at - this.#now)) },
        { ...axis, size: 52, values: (_, ticks) => ticks.map((share) => texts.percent(Math.round(share * 100))) },
      ],
      series: [{}, ...this.#labels.map((label) => series(label, !hidden.has(label)))],
      hooks: {
        setCursor: [(plot) => this.#showValues(plot)],
        setSelect: [(plot) => this.#pick(plot)],
      },
    };
  }

  /** A part was picked with the pointer. @param {import("uplot")} plot */
  #pick(plot) {
    const { left, width } = plot.select;
    if (width < 4) return;
    this.#hold({ from: plot.posToVal(left, "x"), to: plot.posToVal(left + width, "x") });
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }

  /** One button a line: shows what it looks like, hides it, and tells its value under the pointer. @param {Set<unknown>} hidden */
  #makeLegend(hidden) {
    this.#legend.replaceChildren(
      ...this.#labels.map((label, index) => {
        const button = element(
          "button",
          { type: "button", className: "line" },
          element("span", { className: "line-sample" }),
          element("span", { textContent: texts.label(label) }),
          element("span", { className: "line-value" }),
        );
        button.dataset.label = label;
        button.ariaPressed = String(!hidden.has(label));
        button.addEventListener("click", () => {
          const show = button.ariaPressed !== "true";
          button.ariaPressed = String(show);
          this.#plot?.setSeries(index + 1, { show });
        });
        return button;
      }),
    );
  }

  /** @param {import("uplot")} plot */
  #showValues(plot) {
    const at = plot.cursor.idx;
    this.#labels.forEach((_, index) => {
      const share = at == null ? null : plot.data[index + 1]?.[at];
      const value = /** @type {HTMLElement} */ (this.#legend.children[index]?.lastElementChild);
      if (value) setText(value, share == null ? "" : texts.percent(Math.round(share * 100)));
    });
  }
}

/** @param {string} label @param {boolean} show @returns {import("uplot").Series} */
function series(label, show) {
  const { colour, dash } = lineOf(label);
  return { label, show, stroke: colourOf(colour), width: 2, dash, points: { show: false } };
}
