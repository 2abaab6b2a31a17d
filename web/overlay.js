// @ts-check
/** Draws a frame with the boxes that belong to it, sharp at any pixel density. */

import { drawExplanation } from "./explanation.js";
import { chipPlace, fit, onPlace } from "./geometry.js";
import * as texts from "./texts.js";

/** Okabe and Ito's palette: told apart by the colour-blind, bright enough on a picture. */
const ON_PICTURE = ["#56b4e9", "#e69f00", "#2fc99c", "#e58fbe", "#f0e442", "#ff8a4c"];
const SHADOW = "rgb(0 0 0 / 0.55)";
const INK = "#10110f";

/** @typedef {import("./bars.js").ShownFace} ShownFace */
/**
 * @typedef {object} Picture
 * @property {CanvasImageSource} [image] none where the boxes lie over a playing video
 * @property {number} width
 * @property {number} height
 * @property {boolean} mirrored
 * @property {ShownFace[]} faces
 * @property {import("./explanation.js").Explanation[]} [explanations]
 */

export class Overlay {
  /** @type {Picture | undefined} */
  #last;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    new ResizeObserver(() => this.#resize()).observe(canvas);
  }

  /** @param {Picture} picture */
  draw(picture) {
    const place = fit(picture, this.canvas);
    this.clear();
    this.#last = picture;
    this.#drawImage(picture, place);
    for (const face of picture.faces) this.#drawFace(face, picture, place);
  }

  clear() {
    this.#last = undefined;
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  #resize() {
    const density = window.devicePixelRatio || 1;
    const width = Math.round(this.canvas.clientWidth * density);
    const height = Math.round(this.canvas.clientHeight * density);
    if (width === 0 || height === 0) return;
    Object.assign(this.canvas, { width, height });
    if (this.#last) this.draw(this.#last);
  }

  /** @param {Picture} picture @param {import("./geometry.js").Box} place */
  #drawImage(picture, place) {
    this.context.save();
    if (picture.mirrored) {
      this.context.translate(this.canvas.width, 0);
      this.context.scale(-1, 1);
    }
    if (picture.image) this.context.drawImage(picture.image, place.x, place.y, place.width, place.height);
    this.context.translate(place.x, place.y);
    this.context.scale(place.width / picture.width, place.height / picture.height);
    for (const explanation of picture.explanations ?? []) drawExplanation(this.context, explanation);
    this.context.restore();
  }

  /** @param {ShownFace} face @param {Picture} picture @param {import("./geometry.js").Box} place */
  #drawFace(face, picture, place) {
    const density = window.devicePixelRatio || 1;
    const box = onPlace(face.box, picture, place, picture.mirrored);
    const colour = ON_PICTURE[face.colour % ON_PICTURE.length];
    this.context.setLineDash(face.uncertain ? [8 * density, 6 * density] : []);
    this.#outline(box, SHADOW, 5 * density);
    this.#outline(box, colour, 2.5 * density);
    this.context.setLineDash([]);
    this.#drawChip(texts.chip(face.id, face.top, face.percent[face.top], face.uncertain), box, place, colour, density);
  }

  /** @param {import("./geometry.js").Box} box @param {string} colour @param {number} width */
  #outline(box, colour, width) {
    this.context.strokeStyle = colour;
    this.context.lineWidth = width;
    this.context.beginPath();
    this.context.roundRect(box.x, box.y, box.width, box.height, Math.min(box.width, box.height) * 0.06);
    this.context.stroke();
  }

  /** @param {string} words @param {import("./geometry.js").Box} box @param {import("./geometry.js").Box} place @param {string} colour @param {number} density */
  #drawChip(words, box, place, colour, density) {
    const { context } = this;
    context.font = `600 ${13 * density}px system-ui, sans-serif`;
    context.textBaseline = "middle";
    const chip = { width: context.measureText(words).width + 18 * density, height: 24 * density };
    const room = { ...box, y: box.y - 6 * density };
    const { x, y } = chipPlace(room, chip, place);
    context.fillStyle = colour;
    context.beginPath();
    context.roundRect(x, y, chip.width, chip.height, 6 * density);
    context.fill();
    context.fillStyle = INK;
    context.fillText(words, x + 9 * density, y + chip.height / 2 + density);
  }
}
