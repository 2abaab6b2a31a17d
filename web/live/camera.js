// @ts-check
/** The camera: asked for, chosen, released, and its failures by name (PROBLEMS in texts.js has the words). */

import * as texts from "./texts.js";

/** Raised when there is no picture to be had; `problem` is a key of PROBLEMS. */
export class CameraError extends Error {
  /** @param {string} problem @param {unknown} [cause] */
  constructor(problem, cause) {
    super(problem, { cause });
    this.problem = problem;
  }
}

/** @type {Record<string, string>} */
const PROBLEM_OF = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "notFound",
  OverconstrainedError: "notFound",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** As large as what is sent, four to three. @param {number} width */
const wishes = (width) => ({ width: { ideal: width }, height: { ideal: (width * 3) / 4 }, frameRate: { ideal: 30 } });

export class Camera {
  /** @type {MediaStream | undefined} */
  #stream;
  /** Grows with each opening, so that of two at once only the later keeps its camera. */
  #turn = 0;

  /** @param {HTMLVideoElement} video @param {() => void} onEnded */
  constructor(video, onEnded) {
    this.width = 640;
    this.video = video;
    this.onEnded = onEnded;
  }

  /**
   * Opens the camera, in place of the one that was open.
   * @param {string} deviceId empty for whichever the browser gives
   * @param {AbortSignal} [signal] when it fires while we wait, the camera is let go again
   */
  async open(deviceId, signal) {
    if (!navigator.mediaDevices?.getUserMedia) throw new CameraError("insecure");
    this.release();
    const turn = this.#turn;
    const which = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" };
    const stream = await navigator.mediaDevices
      .getUserMedia({ audio: false, video: { ...wishes(this.width), ...which } })
      .catch((error) => {
        if (turn !== this.#turn) return undefined; // nobody waits for that one any more
        throw new CameraError(PROBLEM_OF[error.name] ?? "unknownCamera", error);
      });
    if (!stream) return;
    if (signal?.aborted || turn !== this.#turn) return stop(stream);
    this.#stream = stream;
    this.#track?.addEventListener("ended", () => turn === this.#turn && this.onEnded());
    this.video.srcObject = stream;
    await this.video.play().catch((error) => {
      if (!signal?.aborted && turn === this.#turn) throw new CameraError("unknownCamera", error);
    });
  }

  release() {
    this.#turn += 1;
    if (this.#stream) stop(this.#stream);
    this.#stream = undefined;
    this.video.srcObject = null;
  }

  /** Asks for another size; a camera that has none keeps its own. @param {number} width */
  async resize(width) {
    this.width = width;
    await this.#track?.applyConstraints({ ...this.#track.getConstraints(), ...wishes(width) }).catch(() => {});
  }

  get #track() {
    return this.#stream?.getVideoTracks()[0];
  }

  get deviceId() {
    return this.#track?.getSettings().deviceId;
  }

  /** As the camera at the back of a phone does. */
  get facesAway() {
    return this.#track?.getSettings().facingMode === "environment";
  }
}

/** @param {MediaStream} stream */
function stop(stream) {
  for (const track of stream.getTracks()) track.stop();
}

/** The cameras to choose from; their names are known once one was allowed. */
export async function listCameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices
    .filter((device) => device.kind === "videoinput" && device.deviceId)
    .map((device, index) => ({ id: device.deviceId, name: device.label || texts.unnamedCamera(index + 1) }));
}
