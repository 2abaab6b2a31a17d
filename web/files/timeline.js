// @ts-check
/** One face over the whole video: a line a label, the moment that is shown, and a way to any other moment. */

import uPlot from "uplot";

import { colourOf, element } from "../dom.js";
import { zoomed } from "../live/history.js";
import * as texts from "./texts.js";
import { smallButton } from "./buttons.js";
import { field } from "./fields.js";
import { LineKey } from "./line_key.js";
import { lineOf } from "../lines.js";
import { frameAt, rowsAt, timeOf } from "./moments.js";
import { clock } from "./times.js";

const { FILES } = texts;
const HEIGHT = 260;
/** Less of a movement is a click. */
const CLICK_PX = 5;
const PAGE_S = 10;
/** Within a moment, not at its edge, so that the frame that was looked at is the one that is shown. */
const WITHIN_S = 0.001;

export class Timeline {
  #gone = new AbortController();
  #choice = element("select");
  #chart = element("div", { className: "video-chart", tabIndex: 0 });
  #line = element("div", { className: "playhead" });
  /** @type {uPlot} */
  #plot;

  /**
   * @param {import("./api.js").Job} job
   * @param {import("./rows.js").Rows} rows
   * @param {import("./moments.js").Plan} plan
   * @param {import("./playhead.js").Playhead} playhead
   * @param {number[]} faceIds longest on screen first
   * @param {(faceId: number) => void} onChoose
   */
  constructor(job, rows, plan, playhead, faceIds, onChoose) {
    this.job = job;
    this.rows = rows;
    this.plan = plan;
    this.playhead = playhead;
    this.key = new LineKey(rows.labels, (at, shown) => this.#plot.setSeries(at + 1, { show: shown }));
    this.#choice.append(...[...faceIds].sort((a, b) => a - b).map((id) => new Option(texts.faceName(id), String(id))));
    if (faceIds.length > 0) this.#choice.value = String(faceIds[0]);
    this.#choice.addEventListener("change", () => onChoose(this.#face));
    const zooms = [this.#zoomButton("−", texts.TEXTS.zoomOut, 2), this.#zoomButton("+", texts.TEXTS.zoomIn, 0.5), smallButton(FILES.zoomOut, () => this.#zoomOut())];
    const controls = element("div", { className: "filters" }, field(this.#choice, FILES.timelineFace), ...zooms);
    const head = element("div", { className: "section-head" }, element("h2", { textContent: FILES.timelineTitle }), controls);
    const hint = element("p", { className: "hint", textContent: FILES.timelineHint });
    this.root = element("section", { className: "timeline" }, head, this.key.root, this.#chart, hint);
    this.#plot = new uPlot(this.#options(), this.#data(), this.#chart);
    this.#plot.over.append(this.#line);
    this.#listen();
  }

  close() {
    this.#gone.abort();
    this.#plot.destroy();
  }

  /** @param {number} faceId */
  choose(faceId) {
    this.#choice.value = String(faceId);
    this.redraw();
  }

  reveal() {
    this.root.scrollIntoView({ block: "nearest" });
    this.#choice.focus({ preventScroll: true });
  }

  /** There are more rows, or another face is chosen. */
  redraw() {
    const { min, max } = this.#plot.scales.x;
    this.#plot.setData(this.#data(), false);
    this.#plot.setScale("x", { min: min ?? this.playhead.startS, max: max ?? this.playhead.endS });
    this.#moved(this.playhead.time);
  }

  get #face() {
    return Number(this.#choice.value);
  }

  /** Two moments without the face are a gap. @returns {uPlot.AlignedData} */
  #data() {
    return this.rows.lines(this.#face, 2);
  }

  /** @param {string} sign @param {string} words @param {number} factor */
  #zoomButton(sign, words, factor) {
    const button = smallButton(sign, () => this.#zoom(factor));
    button.ariaLabel = words;
    return button;
  }

  /** Around the moment that is shown. @param {number} factor */
  #zoom(factor) {
    const { startS, endS, time } = this.playhead;
    const { min = startS, max = endS } = this.#plot.scales.x;
    const half = (max - min) / 2;
    const { from, to } = zoomed({ from: time - half, to: time + half }, factor, { from: startS, to: endS });
    this.#plot.setScale("x", { min: from, max: to });
  }

  #zoomOut() {
    this.#plot.setScale("x", { min: this.playhead.startS, max: this.playhead.endS });
  }

  #listen() {
    const { signal } = this.#gone;
    this.playhead.listen((time) => this.#moved(time));
    const resized = new ResizeObserver(() => this.#plot.setSize({ width: this.#chart.clientWidth, height: HEIGHT }));
    resized.observe(this.#chart);
    signal.addEventListener("abort", () => resized.disconnect());
    document.addEventListener("themechange", () => this.#recolour(), { signal });
    let downAt = 0;
    this.#plot.over.addEventListener("pointerdown", (event) => (downAt = event.clientX));
    this.#plot.over.addEventListener("click", (event) => {
      if (Math.abs(event.clientX - downAt) < CLICK_PX) this.#jumpTo(event.offsetX);
    });
    const { startS, endS } = this.playhead;
    Object.assign(this.#chart, { role: "slider", ariaLabel: FILES.timelineSlider, ariaValueMin: String(startS), ariaValueMax: String(endS) });
    this.#chart.addEventListener("keydown", (event) => this.#press(event));
    this.#moved(this.playhead.time);
  }

  /** @param {number} left */
  #jumpTo(left) {
    this.playhead.jump(this.#plot.posToVal(left, "x"));
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const { playhead, plan } = this;
    const step = event.shiftKey ? 10 : 1;
    const frame = frameAt(plan, playhead.time);
    /** @type {Record<string, () => number>} */
    const places = {
      ArrowLeft: () => timeOf(plan, frame - step) + WITHIN_S,
      ArrowRight: () => timeOf(plan, frame + step) + WITHIN_S,
      ArrowDown: () => timeOf(plan, frame - step) + WITHIN_S,
      ArrowUp: () => timeOf(plan, frame + step) + WITHIN_S,
      PageDown: () => playhead.time - PAGE_S,
      PageUp: () => playhead.time + PAGE_S,
      Home: () => playhead.startS,
      End: () => playhead.endS,
    };
    if (!(event.key in places) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    playhead.jump(places[event.key]());
  }

  /** @param {number} time */
  #moved(time) {
    const row = rowsAt(this.rows, this.plan, time).find((one) => this.rows.face(one) === this.#face);
    const face = row === undefined ? undefined : this.rows.read(row);
    this.key.show(face?.smoothed);
    this.#chart.ariaValueNow = time.toFixed(2);
    this.#chart.ariaValueText = texts.placeWords(clock(time), this.#face, face);
    this.#placeLine();
  }

  #placeLine() {
    const left = this.#plot.valToPos(this.playhead.time, "x");
    this.#line.hidden = !(left >= 0 && left <= this.#plot.over.clientWidth);
    this.#line.style.transform = `translateX(${left}px)`;
  }

  #recolour() {
    this.#plot.redraw(false);
  }

  /** @returns {uPlot.Options} */
  #options() {
    const { startS, endS } = this.playhead;
    const soft = () => colourOf("--ink-soft");
    const grid = { stroke: () => colourOf("--line"), width: 1 };
    return {
      width: 600,
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, drag: { x: true, y: false, dist: CLICK_PX }, points: { show: false }, bind: { dblclick: () => () => (this.#zoomOut(), null) } },
      scales: { x: { time: false, min: startS, max: Math.max(endS, startS + 0.1) }, y: { range: [0, 1] } },
      axes: [
        { stroke: soft, grid, ticks: grid, values: (_plot, ticks) => ticks.map(clock) },
        { stroke: soft, grid, ticks: grid, size: 56, values: (_plot, ticks) => ticks.map((tick) => texts.percent(Math.round(tick * 100))) },
      ],
      series: [{}, ...this.rows.labels.map((label) => this.#series(label))],
      hooks: { setScale: [() => this.#plot && this.#placeLine()], setSize: [() => this.#plot && this.#placeLine()], drawClear: [(plot) => this.#drawMissing(plot)] },
    };
  }

  /** @param {string} label @returns {uPlot.Series} */
  #series(label) {
    const { colour, dash } = lineOf(label);
    return { label, stroke: () => colourOf(colour), width: 2, dash, points: { show: false } };
  }

  /** Stretches that could not be read are shaded. @param {uPlot} plot */
  #drawMissing(plot) {
    plot.ctx.fillStyle = colourOf("--warning-paper");
    for (const { start_s: start, end_s: end } of this.job.errors) {
      const [left, right] = [start, end].map((time) => plot.valToPos(time, "x", true));
      plot.ctx.fillRect(left, plot.bbox.top, right - left, plot.bbox.height);
    }
  }
}
