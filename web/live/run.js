// @ts-check
/**
 * One run from start to stop. Three things go on side by side: the sender takes and sends frames, the stream hands
 * answers in, and the painter draws the newest of them.
 */

import * as texts from "./texts.js";
import { Camera, CameraError, listCameras } from "./camera.js";
import { Painter } from "./painter.js";
import { Sender } from "./sender.js";
import { QUALITIES, Shutter } from "./shutter.js";
import { Stream } from "./stream.js";
import { preferencesOf } from "./wishes.js";

/** @typedef {import("./wire.js").SessionCreated} SessionCreated */

const COUNTDOWN_MS = 250;

export class Run {
  #abort = new AbortController();
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #countdown;
  /** @type {SessionCreated | undefined} */
  #session;
  /** Each session numbers faces from 1; those of the next are others and go on counting. */
  #faces = { before: 0, most: 0 };

  /**
   * @param {HTMLVideoElement} video
   * @param {import("./board.js").Board} board
   * @param {(problem: string, reason?: string) => void} onProblem
   */
  constructor(video, board, onProblem) {
    this.board = board;
    this.onProblem = onProblem;
    this.camera = new Camera(video, () => onProblem("unplugged"));
    this.shutter = new Shutter(video);
    this.stream = new Stream(streamUrl(), this.#handlers());
    this.sender = new Sender(this.shutter, this.stream, () => board.readouts.sent());
    this.painter = new Painter(board, this.camera, this.shutter);
  }

  /** @param {string} cameraId empty for whichever the browser gives */
  async start(cameraId) {
    const { signal } = this.#abort;
    this.#applyPicture();
    this.board.screen.note(texts.TEXTS.waitingForPermission);
    if (!(await this.#openCamera(cameraId))) return;
    this.board.screen.note(texts.TEXTS.waitingForServer);
    document.addEventListener("visibilitychange", () => !document.hidden && this.stream.retryNow(), { signal });
    window.addEventListener("online", () => this.stream.retryNow(), { signal });
    navigator.mediaDevices.addEventListener("devicechange", () => this.#listCameras(), { signal });
    this.stream.connect();
    this.sender.start();
    this.painter.start();
  }

  /** @param {string} deviceId */
  async switchCamera(deviceId) {
    await this.#openCamera(deviceId);
  }

  /** The wishes changed. */
  apply() {
    this.#applyPicture();
    this.#tellServer();
  }

  /** The person would not wait. */
  retry() {
    clearInterval(this.#countdown);
    this.board.screen.note(texts.TEXTS.waitingForServer);
    this.stream.retryNow();
  }

  stop() {
    this.#abort.abort();
    clearInterval(this.#countdown);
    this.sender.stop();
    this.painter.stop();
    this.stream.close();
    this.camera.release();
    this.shutter.close();
    this.board.end();
  }

  #applyPicture() {
    const { quality, fps } = this.board.controls.wishes;
    this.shutter.quality = QUALITIES[quality] ?? QUALITIES.normal;
    this.sender.pace.capFps = Math.min(fps, this.#session?.limits.max_fps ?? fps);
    if (this.camera.width !== this.shutter.quality.width) this.camera.resize(this.shutter.quality.width);
  }

  #tellServer() {
    if (this.#session) this.stream.update(this.preferences);
  }

  /** What the present session is told; nothing while there is none. @returns {import("./wire.js").Preferences} */
  get preferences() {
    const { controls, votes } = this.board;
    const wishes = { ...controls.wishes, votes: controls.wishes.votes && votes.inSight };
    return this.#session ? preferencesOf(wishes, this.#session.limits, this.#session.vote_profiles) : {};
  }

  /** @param {string} deviceId @returns {Promise<boolean>} */
  async #openCamera(deviceId) {
    try {
      await this.camera.open(deviceId, this.#abort.signal);
    } catch (error) {
      if (!(error instanceof CameraError)) throw error;
      // The one that was chosen before may be gone.
      if (deviceId && error.problem === "notFound" && !this.#abort.signal.aborted) return this.#openCamera("");
      if (!this.#abort.signal.aborted) this.onProblem(error.problem);
      return false;
    }
    if (!this.#abort.signal.aborted) await this.#listCameras();
    return !this.#abort.signal.aborted;
  }

  async #listCameras() {
    const cameras = await listCameras();
    if (!this.#abort.signal.aborted) this.board.screen.showCameras(cameras, this.camera.deviceId);
  }

  /** @returns {import("./stream.js").Handlers} */
  #handlers() {
    const { readouts, screen } = this.board;
    return {
      onOpen: (session) => this.#opened(session),
      onResult: (result, waited) => {
        const now = performance.now();
        this.#number(result.faces);
        readouts.answered(result, waited, now);
        this.board.recorder.add(result, waited.totalMs);
        this.painter.answered(result, now);
      },
      onDropped: (frameId, reason) => {
        readouts.dropped(reason);
        this.shutter.forget(frameId);
      },
      onError: (error) => {
        screen.showServerError(error);
        if (error.frame_id == null) return;
        readouts.dropped("error");
        this.shutter.forget(error.frame_id);
      },
      onLost: (count) => {
        readouts.dropped("lost", count);
        this.shutter.forgetAll();
      },
      onWaiting: (delayMs, cause) => this.#waiting(performance.now() + delayMs, cause),
      onRefused: (reason) => this.onProblem("refused", reason),
      mayConnect: () => !document.hidden,
    };
  }

  /** @param {SessionCreated} session */
  #opened(session) {
    clearInterval(this.#countdown);
    this.#session = session;
    this.#faces.before = this.#faces.most;
    this.board.begin(session);
    this.apply();
  }

  /** @param {import("./wire.js").Face[]} faces */
  #number(faces) {
    for (const face of faces) {
      face.face_id += this.#faces.before;
      this.#faces.most = Math.max(this.#faces.most, face.face_id);
    }
  }

  /** @param {number} untilMs @param {import("./stream.js").Cause} cause */
  #waiting(untilMs, cause) {
    const say = () => {
      const seconds = Math.max(0, Math.ceil((untilMs - performance.now()) / 1000));
      this.board.screen.note(texts.reconnecting(seconds, cause));
    };
    clearInterval(this.#countdown);
    this.#countdown = setInterval(say, COUNTDOWN_MS);
    this.board.screen.setState("reconnecting");
    say();
  }
}

function streamUrl() {
  const url = new URL("/v1/stream", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
