// @ts-check
/** Asks for a face's occlusion map with the very frame that was shown, and shows both in a dialog. */

import { byId, colourOf, setText } from "../dom.js";
import { drawExplanation, greatestLoss, scaleOf } from "../explanation.js";
import { overlap } from "../geometry.js";
import { keyedFetch } from "../key.js";
import { Refused, refusal } from "../refused.js";
import * as texts from "./texts.js";

/** @typedef {import("./wire.js").Face} Face */
/** @typedef {import("../geometry.js").Box} Box */

/** How much of its surroundings is shown with a face, in its own widths. */
const MARGIN = 0.35;
const SIDE = 480;
/** Covering a face's places takes the server some seconds; longer than this is no answer. */
const ANSWERED_WITHIN_MS = 60_000;

export class Explain {
  #dialog = /** @type {HTMLDialogElement} */ (byId("explain"));
  #canvas = /** @type {HTMLCanvasElement} */ (byId("explain-picture"));
  #map = /** @type {HTMLInputElement} */ (byId("explain-map"));
  /** The asking that goes on; aborted with its dialog, so that nothing is sent any more. */
  #asking = new AbortController();
  /** @type {{ image: HTMLCanvasElement, mirrored: boolean, face: Face } | undefined} */
  #shown;

  constructor() {
    byId("explain-close").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => {
      this.#asking.abort();
      this.#shown = undefined;
      this.#canvas.width = 0;
      const stop = byId("stop");
      if (document.activeElement === document.body && stop.checkVisibility()) stop.focus(); // the face has gone meanwhile
    });
    this.#map.addEventListener("input", () => this.#draw());
  }

  /**
   * @param {HTMLCanvasElement} image the frame as it was sent; it is copied
   * @param {boolean} mirrored
   * @param {import("../bars.js").ShownFace} shown
   * @param {import("./wire.js").Preferences} preferences the session's, so that the same vote is explained
   */
  async open(image, mirrored, { id, box }, preferences) {
    this.#asking.abort();
    const { signal } = (this.#asking = new AbortController());
    const copy = copied(image);
    this.#shown = undefined;
    setText(byId("explain-title"), texts.explainTitle(id));
    this.#say(texts.TEXTS.explainAsking);
    this.#drawFace(copy, mirrored, box);
    this.#dialog.showModal();
    try {
      const face = await explained(copy, box, preferences, signal);
      if (signal.aborted) return;
      if (!face) return this.#say(texts.explainFailed(texts.TEXTS.explainNoFace));
      this.#shown = { image: copy, mirrored, face };
      this.#say(face.explanation ? texts.leansOn(face.explanation.label, greatestLoss(face.explanation)) : texts.TEXTS.explainNoMap);
      this.#draw();
    } catch (problem) {
      if (!signal.aborted) this.#say(texts.explainFailed(reasonOf(problem)));
    }
  }

  close() {
    this.#dialog.close();
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
 * The face of the same place, with its map. Raises Refused.
 * @param {HTMLCanvasElement} image
 * @param {Box} box
 * @param {import("./wire.js").Preferences} preferences
 * @param {AbortSignal} signal when it fires nothing is sent any more
 * @returns {Promise<Face | undefined>} undefined when it was not found again
 */
async function explained(image, box, { vote_profile: profile, min_face_size: smallest }, signal) {
  const query = {
    explain: "true",
    max_faces: "16",
    ...(profile === undefined ? {} : { vote_profile: profile }),
    ...(smallest === undefined ? {} : { min_face_size: String(smallest) }),
  };
  const body = await jpegOf(image);
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(ANSWERED_WITHIN_MS)]);
  const answer = await keyedFetch(`/v1/images?${new URLSearchParams(query)}`, { method: "POST", body, signal: inTime });
  if (!answer.ok) throw refusal(answer.status, await answer.text());
  const faces = /** @type {Face[]} */ ((await answer.json()).faces);
  const best = faces.reduce((/** @type {Face | undefined} */ one, two) => (one && overlap(one.box, box) >= overlap(two.box, box) ? one : two), undefined);
  return best && overlap(best.box, box) > 0 ? best : undefined;
}

/** @param {HTMLCanvasElement} image @returns {Promise<Blob>} */
const jpegOf = (image) =>
  new Promise((resolve, reject) => image.toBlob((jpeg) => (jpeg ? resolve(jpeg) : reject(new Error("no JPEG"))), "image/jpeg", 0.95));

/** The server's own words; a browser's are not for people. @param {unknown} problem */
const reasonOf = (problem) => (problem instanceof Refused ? problem.message : "");
