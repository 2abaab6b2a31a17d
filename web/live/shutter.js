// @ts-check
/** Takes pictures of the video and keeps each until its frame is answered, on canvases that are used again and again. */

import { atMostWide } from "../geometry.js";

/** What the person can choose from: width in pixels and JPEG quality. @type {Record<string, { width: number, jpeg: number }>} */
export const QUALITIES = {
  low: { width: 400, jpeg: 0.6 },
  normal: { width: 640, jpeg: 0.8 },
  high: { width: 960, jpeg: 0.9 },
};

export class Shutter {
  /** @type {Map<number, HTMLCanvasElement>} frame id -> its picture */
  #kept = new Map();
  /** @type {HTMLCanvasElement[]} */
  #free = [];
  /** @type {Map<number, { resolve: (jpeg: Uint8Array) => void, reject: (error: Error) => void }>} who waits for its JPEG */
  #waiting = new Map();
  #lastTime = -1;
  /** @type {Worker | undefined} none after it failed: the next picture gets a new one */
  #encoder;
  quality = QUALITIES.normal;

  /** @param {HTMLVideoElement} video */
  constructor(video) {
    this.video = video;
    this.#encoder = this.#newEncoder();
  }

  /** Whether the camera has shown a new picture since the last one taken. */
  get hasNewPicture() {
    return this.video.readyState >= 2 && this.video.videoWidth > 0 && this.video.currentTime !== this.#lastTime;
  }

  /**
   * Keeps the present picture under the id and gives it as JPEG. Rejects when that can't be had.
   * @param {number} frameId
   * @returns {Promise<Uint8Array>}
   */
  async take(frameId) {
    this.#lastTime = this.video.currentTime;
    const encoder = (this.#encoder ??= this.#newEncoder());
    const canvas = this.#free.pop() ?? document.createElement("canvas");
    const size = atMostWide({ width: this.video.videoWidth, height: this.video.videoHeight }, this.quality.width);
    if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
    canvas.getContext("2d", { alpha: false })?.drawImage(this.video, 0, 0, size.width, size.height);
    this.#kept.set(frameId, canvas);
    const bitmap = await createImageBitmap(canvas);
    if (encoder !== this.#encoder) throw new Error("the encoder has gone meanwhile");
    const jpeg = new Promise((resolve, reject) => this.#waiting.set(frameId, { resolve, reject }));
    encoder.postMessage({ frameId, bitmap, quality: this.quality.jpeg }, [bitmap]);
    return jpeg;
  }

  #newEncoder() {
    const encoder = new Worker("/web/live/encoding.js", { type: "module" });
    encoder.onmessage = ({ data }) => this.#encoded(data);
    encoder.onerror = () => encoder === this.#encoder && this.#dropEncoder();
    return encoder;
  }

  /** @param {import("./encoding.js").Encoded} encoded */
  #encoded({ frameId, jpeg }) {
    const waiting = this.#waiting.get(frameId);
    this.#waiting.delete(frameId);
    if (jpeg) waiting?.resolve(new Uint8Array(jpeg));
    else waiting?.reject(new Error("the picture could not be encoded"));
  }

  /** One that could not be loaded never answers, nor will it for the pictures it was given. */
  #dropEncoder() {
    this.#encoder?.terminate();
    this.#encoder = undefined;
    for (const { reject } of this.#waiting.values()) reject(new Error("the encoder has gone"));
    this.#waiting.clear();
  }

  close() {
    this.forgetAll();
    this.#dropEncoder();
  }

  /**
   * Hands a kept picture over; whoever takes it gives it back when done.
   * @param {number} frameId
   */
  claim(frameId) {
    const canvas = this.#kept.get(frameId);
    this.#kept.delete(frameId);
    return canvas;
  }

  /** @param {HTMLCanvasElement | undefined} canvas */
  giveBack(canvas) {
    if (canvas && this.#free.length < 4) this.#free.push(canvas);
  }

  /** @param {number} frameId */
  forget(frameId) {
    this.giveBack(this.claim(frameId));
  }

  forgetAll() {
    for (const frameId of [...this.#kept.keys()]) this.forget(frameId);
  }
}
