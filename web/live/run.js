// @ts-check
/**
 * One run from start to stop. Three things go on side by side: a timer takes and sends frames (25 a second, two in
 * flight, none from a hidden tab), the stream hands answers in, and an animation loop draws the newest of them.
 */

import { shown } from "../bars.js";
import * as texts from "../texts.js";
import { Camera, CameraError, listCameras } from "./camera.js";
import { Rate, Tally, Window, percentile } from "./meters.js";
import { Shutter } from "./shutter.js";
import { Stream } from "./stream.js";

/** @typedef {import("./wire.js").Result} Result */
/** @typedef {import("../bars.js").ShownFace} ShownFace */
/** @typedef {{ image: HTMLCanvasElement, mirrored: boolean, faces: ShownFace[], result: Result, at: number }} Answered */

const MOST_FPS = 25;
const READOUT_MS = 250;
/** With no answer for this long the live video is shown, without boxes: those would be of another moment. */
const STALE_MS = 700;

export class Run {
  #abort = new AbortController();
  #fps = MOST_FPS;
  #frameId = 0;
  #due = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #animation = 0;
  #readoutAt = 0;
  #retryAt = 0;
  /** @type {import("./stream.js").Cause} */
  #cause = "unreachable";
  /** @type {Answered | undefined} */
  #newest;
  #drawn = false;
  #answered = new Rate(2_000);
  #latencies = new Window(5_000);
  #dropped = new Tally();

  /**
   * @param {import("./screen.js").Screen} screen
   * @param {{ video: HTMLVideoElement, overlay: import("../overlay.js").Overlay, panels: import("./faces.js").Panels, stage: HTMLElement }} parts
   * @param {(problem: string, reason?: string) => void} onProblem
   */
  constructor(screen, { video, overlay, panels, stage }, onProblem) {
    this.screen = screen;
    this.overlay = overlay;
    this.panels = panels;
    this.stage = stage;
    this.onProblem = onProblem;
    this.camera = new Camera(video, () => onProblem("unplugged"));
    this.shutter = new Shutter(video);
    this.stream = new Stream(streamUrl(), this.#handlers());
  }

  async start() {
    const { signal } = this.#abort;
    this.screen.note(texts.TEXTS.waitingForPermission);
    if (!(await this.#openCamera())) return;
    this.screen.note(texts.TEXTS.waitingForServer);
    this.camera.video.addEventListener("resize", () => this.#shapeStage(), { signal });
    document.addEventListener("visibilitychange", () => this.#visibilityChanged(), { signal });
    window.addEventListener("online", () => this.stream.retryNow(), { signal });
    navigator.mediaDevices.addEventListener("devicechange", () => this.#listCameras(), { signal });
    this.stream.connect();
    this.#tick();
    this.#draw();
  }

  /** @param {string} deviceId */
  async switchCamera(deviceId) {
    await this.#openCamera(deviceId);
  }

  stop() {
    this.#abort.abort();
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#animation);
    this.stream.close();
    this.camera.release();
    this.shutter.forgetAll();
    this.overlay.clear();
    this.panels.clear();
    this.screen.reset();
  }

  /** @param {string} [deviceId] */
  async #openCamera(deviceId) {
    try {
      await this.camera.open(deviceId, this.#abort.signal);
    } catch (error) {
      if (!(error instanceof CameraError)) throw error;
      if (!this.#abort.signal.aborted) this.onProblem(error.problem);
      return false;
    }
    if (this.#abort.signal.aborted) return false;
    this.#shapeStage();
    await this.#listCameras();
    return !this.#abort.signal.aborted;
  }

  async #listCameras() {
    const cameras = await listCameras();
    if (!this.#abort.signal.aborted) this.screen.showCameras(cameras, this.camera.deviceId);
  }

  #shapeStage() {
    const { videoWidth, videoHeight } = this.camera.video;
    if (videoWidth > 0) this.stage.style.aspectRatio = `${videoWidth} / ${videoHeight}`;
  }

  #visibilityChanged() {
    if (!document.hidden) this.stream.retryNow();
  }

  /** @returns {import("./stream.js").Handlers} */
  #handlers() {
    return {
      onOpen: (session) => {
        this.#fps = Math.min(MOST_FPS, session.limits.max_fps);
        this.panels.labels = session.labels;
        this.screen.setState("live");
      },
      onResult: (result, latencyMs) => this.#show(result, latencyMs),
      onDropped: (frameId, reason) => {
        this.#dropped.add(reason);
        this.shutter.forget(frameId);
      },
      onError: (error) => {
        this.screen.showServerError(error);
        if (error.frame_id == null) return;
        this.#dropped.add("error");
        this.shutter.forget(error.frame_id);
      },
      onLost: (count) => {
        this.#dropped.add("lost", count);
        this.shutter.forgetAll();
      },
      onWaiting: (delayMs, cause) => {
        this.#retryAt = performance.now() + delayMs;
        this.#cause = cause;
        this.screen.setState("reconnecting");
        this.#sayWhenRetrying();
      },
      onRefused: (reason) => this.onProblem("refused", reason),
      mayConnect: () => !document.hidden,
    };
  }

  /** @param {Result} result @param {number} latencyMs */
  #show(result, latencyMs) {
    const now = performance.now();
    this.#answered.add(now);
    this.#latencies.add(now, latencyMs);
    const image = this.shutter.claim(result.frame_id);
    if (!image) return;
    if (this.#newest && this.#newest.result.frame_id > result.frame_id) return this.shutter.giveBack(image);
    this.shutter.giveBack(this.#newest?.image);
    this.#newest = { image, mirrored: this.camera.mirrored, faces: result.faces.map(shown), result, at: now };
    this.#drawn = false;
  }

  /** The loop that sends. */
  #tick() {
    const now = performance.now();
    const period = 1000 / this.#fps;
    this.#due = this.#due + period > now ? this.#due + period : now + period;
    this.#timer = setTimeout(() => this.#tick(), this.#due - now);
    this.stream.checkHealth();
    if (!document.hidden && this.stream.canSend && this.shutter.hasNewPicture) this.#sendFrame();
  }

  async #sendFrame() {
    const frameId = ++this.#frameId;
    const captureUs = (performance.timeOrigin + performance.now()) * 1000;
    this.stream.reserve(frameId);
    const jpeg = await this.shutter.take(frameId);
    if (jpeg && !document.hidden && this.stream.send(frameId, captureUs, jpeg)) return;
    this.stream.abandon(frameId);
    this.shutter.forget(frameId);
  }

  /** The loop that draws. */
  #draw() {
    this.#animation = requestAnimationFrame(() => this.#draw());
    const now = performance.now();
    if (!this.#newest || now - this.#newest.at > STALE_MS) this.#drawLive(now);
    else if (!this.#drawn) this.#drawAnswered(this.#newest, now);
    if (now - this.#readoutAt > READOUT_MS) this.#showReadouts(now);
  }

  /** @param {number} now */
  #drawLive(now) {
    const { video, mirrored } = this.camera;
    if (video.readyState < 2) return;
    this.overlay.draw({ image: video, width: video.videoWidth, height: video.videoHeight, mirrored, faces: [] });
    this.panels.update([], now);
    this.screen.sayWhyNoFace(false);
  }

  /** @param {Answered} newest @param {number} now */
  #drawAnswered({ image, mirrored, faces, result }, now) {
    this.#drawn = true;
    this.overlay.draw({ image, mirrored, faces, width: result.width, height: result.height });
    this.panels.update(faces, now);
    this.screen.sayWhyNoFace(true);
    this.screen.showMembers(result.members);
    this.screen.announce(faces, now);
  }

  /** @param {number} now */
  #showReadouts(now) {
    this.#readoutAt = now;
    const latencies = this.#latencies.values(now);
    this.screen.showReadouts({
      fps: this.#answered.perSecond(now),
      p50: percentile(latencies, 0.5),
      p95: percentile(latencies, 0.95),
      dropped: this.#dropped,
    });
    if (this.screen.state === "reconnecting") this.#sayWhenRetrying();
  }

  #sayWhenRetrying() {
    const seconds = Math.max(0, Math.ceil((this.#retryAt - performance.now()) / 1000));
    this.screen.note(texts.reconnecting(seconds, this.#cause));
  }
}

function streamUrl() {
  const url = new URL("/v1/stream", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
