// @ts-check
/** The loop that draws: the newest answered frame with its faces, or the bare camera while there is no answer. */

import { shown } from "../bars.js";
import { Patience } from "../patience.js";

/** @typedef {import("./wire.js").Result} Result */
/** @typedef {import("../bars.js").ShownFace} ShownFace */
/** @typedef {{ image: HTMLCanvasElement, mirrored: boolean, faces: ShownFace[], result: Result, at: number }} Answered */

/** With no answer for this long (longer where they are rare) the live video is shown, without boxes: those would be of another moment. */
const STALE_MS = 700;

export class Painter {
  /** @type {Answered | undefined} */
  newest;
  #drawn = false;
  #patience = new Patience(STALE_MS);
  #animation = 0;

  /**
   * @param {import("./board.js").Board} board
   * @param {import("./camera.js").Camera} camera
   * @param {import("./shutter.js").Shutter} shutter
   */
  constructor(board, camera, shutter) {
    this.board = board;
    this.camera = camera;
    this.shutter = shutter;
  }

  start() {
    this.#animation = requestAnimationFrame(() => this.start());
    const now = performance.now();
    if (!this.newest || this.#patience.isOver(now)) this.#drawCamera(now);
    else if (!this.#drawn) this.#drawNewest(this.newest, now);
    this.board.tick(now);
  }

  stop() {
    cancelAnimationFrame(this.#animation);
  }

  /** A frame's answer comes with the picture that was kept of it. @param {Result} result @param {number} now */
  answered(result, now) {
    const image = this.shutter.claim(result.frame_id);
    if (!image) return;
    if (this.newest && this.newest.result.frame_id > result.frame_id) return this.shutter.giveBack(image);
    this.shutter.giveBack(this.newest?.image);
    this.#patience.came(now);
    this.newest = { image, mirrored: this.#mirrored, faces: result.faces.map(shown), result, at: now };
    this.#drawn = false;
    this.board.remember(this.newest);
  }

  /** People expect a mirror, but not of the camera at the back of a phone. */
  get #mirrored() {
    return this.board.controls.wishes.mirror && !this.camera.facesAway;
  }

  /** @param {number} now */
  #drawCamera(now) {
    const { video } = this.camera;
    if (video.readyState < 2) return;
    const size = { width: video.videoWidth, height: video.videoHeight };
    this.board.showUnanswered({ image: video, ...size, mirrored: this.#mirrored, faces: [] }, now);
  }

  /** @param {Answered} newest @param {number} now */
  #drawNewest(newest, now) {
    this.#drawn = true;
    this.board.showAnswered(newest, now);
  }
}
