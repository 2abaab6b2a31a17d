// @ts-check
/** Asks for a face's occlusion map with the very frame that was shown, and shows both in a dialog. */

import { byId, colourOf, setText } from "../dom.js";
import { drawExplanation, greatestLoss, scaleOf } from "../explanation.js";
import { overlap } from "../geometry.js";
import { keyedFetch } from "../key.js";
import * as texts from "../texts.js";

/** @typedef {import("./wire.js").Face} Face */
/** @typedef {import("../geometry.js").Box} Box */

/** How much of its surroundings is shown with a face, in its own widths. */
const MARGIN = 0.35;
const SIDE = 480;

export class Explain {
  #dialog = /** @type {HTMLDialogElement} */ (byId("explain"));
  #canvas = /** @type {HTMLCanvasElement} */ (byId("explain-picture"));
  #map = /** @type {HTMLInputElement} */ (byId("explain-map"));
  #turn = 0;
  /** @type {{ image: HTMLCanvasElement, mirrored: boolean, face: Face } | undefined} */
  #shown;

  constructor() {
    byId("explain-close").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => {
      this.#turn += 1;
      this.#shown = undefined;
    });
    this.#map.addEventListener("input", () => this.#draw());
  }

  /**
   * @param {HTMLCanvasElement} image the frame as it was sent; it is copied
   * @param {boolean} mirrored
   * @param {import("../bars.js").ShownFace} shown
   */
  async open(image, mirrored, { id, box }) {
    const turn = ++this.#turn;
    const copy = copied(image);
    this.#shown = undefined;
    setText(byId("explain-title"), texts.explainTitle(id));
    this.#say(texts.TEXTS.explainAsking);
    this.#drawFace(copy, mirrored, box);
    this.#dialog.showModal();
    try {
      const face = await explained(copy, box);
      if (turn !== this.#turn) return;
      this.#shown = { image: copy, mirrored, face };
      this.#say(face.explanation ? texts.leansOn(face.explanation.label, greatestLoss(face.explanation)) : texts.TEXTS.explainNoFace);
      this.#draw();
    } catch (problem) {
      if (turn === this.#turn) this.#say(texts.explainFailed(problem instanceof Error ? problem.message : ""));
    }
  }

  /** @param {string} words */
  #say(words) {
    setText(byId("explain-words"), words);
    const map = this.#shown?.face.explanation;
    byId("explain-key").hidden = !map;
    if (!map) return;
    setText(byId("explain-for"), texts.mapFor(scaleOf(map.values)));
    setText(byId("explain-against"), texts.mapAgainst(scaleOf(map.values)));
  }

  #draw() {
    if (!this.#shown) return;
    const { image, mirrored, face } = this.#shown;
    this.#drawFace(image, mirrored, face.box, this.#map.checked ? face.explanation : undefined);
  }

  /** @param {HTMLCanvasElement} image @param {boolean} mirrored @param {Box} box @param {import("../explanation.js").Explanation} [map] */
  #drawFace(image, mirrored, box, map) {
    const side = Math.max(box.width, box.height) * (1 + 2 * MARGIN);
    const context = /** @type {CanvasRenderingContext2D} */ (this.#canvas.getContext("2d"));
    Object.assign(this.#canvas, { width: SIDE, height: SIDE });
    context.fillStyle = colourOf("--track");
    context.fillRect(0, 0, SIDE, SIDE);
    if (mirrored) context.transform(-1, 0, 0, 1, SIDE, 0);
    context.scale(SIDE / side, SIDE / side);
    context.translate(-(box.x + box.width / 2 - side / 2), -(box.y + box.height / 2 - side / 2));
    context.drawImage(image, 0, 0);
    if (map) drawExplanation(context, map);
  }
}

/** @param {HTMLCanvasElement} image */
function copied(image) {
  const copy = document.createElement("canvas");
  Object.assign(copy, { width: image.width, height: image.height });
  copy.getContext("2d")?.drawImage(image, 0, 0);
  return copy;
}

/**
 * The face of the same place, with its map. Raises an error in the server's words.
 * @param {HTMLCanvasElement} image
 * @param {Box} box
 * @returns {Promise<Face>}
 */
async function explained(image, box) {
  /** @type {Blob | null} */
  const jpeg = await new Promise((resolve) => image.toBlob(resolve, "image/jpeg", 0.95));
  const answer = await keyedFetch("/v1/images?explain=true&max_faces=16", { method: "POST", body: jpeg });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? body.title);
  const faces = /** @type {Face[]} */ (body.faces);
  const best = faces.reduce((/** @type {Face | undefined} */ one, two) => (one && overlap(one.box, box) >= overlap(two.box, box) ? one : two), undefined);
  if (!best || overlap(best.box, box) === 0) throw new Error(texts.TEXTS.explainNoFace);
  return best;
}
