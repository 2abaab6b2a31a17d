// @ts-check
/** Draws a frame with the boxes that belong to it, sharp at any pixel density. */

import { drawExplanation } from "./explanation.js";
import { chipPlace, fit, isIn, onPlace, pointOnPlace } from "./geometry.js";
import * as texts from "./texts.js";

/** Okabe and Ito's palette: told apart by the colour-blind, bright enough on a picture. */
export const ON_PICTURE = ["#56b4e9", "#e69f00", "#2fc99c", "#e58fbe", "#f0e442", "#ff8a4c"];
const SHADOW = "rgb(0 0 0 / 0.55)";
const INK = "#10110f";
/** A picture of fewer pixels across. */
const NARROW = 420;

/** @typedef {import("./bars.js").ShownFace} ShownFace */
/**
 * @typedef {object} Picture
 * @property {CanvasImageSource} [image] none where the boxes lie over a playing video
 * @property {number} width
 * @property {number} height
 * @property {boolean} mirrored
 * @property {ShownFace[]} faces
 * @property {import("./explanation.js").Explanation[]} [explanations]
 * @property {boolean} [landmarks] whether to draw them
 */

export class Overlay {
  /** @type {Picture | undefined} */
  #drawn;

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
    this.#drawn = picture;
    this.#drawImage(picture, place);
    for (const face of picture.faces) this.#drawFace(face, picture, place);
  }

  /** Calls back with the face that was clicked. @param {(id: number) => void} onFace */
  onFace(onFace) {
    this.canvas.addEventListener("pointermove", (event) => {
      this.canvas.style.cursor = this.#faceAt(event) ? "pointer" : "";
    });
    this.canvas.addEventListener("click", (event) => {
      const face = this.#faceAt(event);
      if (face) onFace(face.id);
    });
  }

  clear() {
    this.#drawn = undefined;
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  #resize() {
    const density = window.devicePixelRatio || 1;
    const width = Math.round(this.canvas.clientWidth * density);
    const height = Math.round(this.canvas.clientHeight * density);
    if (width === 0 || height === 0) return;
    Object.assign(this.canvas, { width, height });
    if (this.#drawn) this.draw(this.#drawn);
  }

  /** @param {MouseEvent} event */
  #faceAt({ offsetX, offsetY }) {
    const picture = this.#drawn;
    if (!picture) return undefined;
    const density = this.canvas.width / this.canvas.clientWidth;
    const point = { x: offsetX * density, y: offsetY * density };
    const place = fit(picture, this.canvas);
    return picture.faces.find((face) => isIn(point, onPlace(face.box, picture, place, picture.mirrored)));
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
    if (picture.landmarks) this.#drawLandmarks(face, picture, place, colour, density);
    this.#drawChip(this.#chipWords(face, place.width / density), box, place, colour, density);
  }

  /** Where there is little room the names alone, so that they do not cover each other. @param {ShownFace} face @param {number} room */
  #chipWords(face, room) {
    return room < NARROW ? texts.faceName(face.id) : texts.chip(face.id, face.top, face.percent[face.top], face.uncertain);
  }

  /** @param {ShownFace} face @param {Picture} picture @param {import("./geometry.js").Box} place @param {string} colour @param {number} density */
  #drawLandmarks(face, picture, place, colour, density) {
    for (const point of Object.values(face.landmarks ?? {})) {
      const { x, y } = pointOnPlace(point, picture, place, picture.mirrored);
      this.context.beginPath();
      this.context.arc(x, y, 3.5 * density, 0, 2 * Math.PI);
      this.context.fillStyle = colour;
      this.context.fill();
      this.context.lineWidth = 1.5 * density;
      this.context.strokeStyle = INK;
      this.context.stroke();
    }
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
