// @ts-check
/** The live view: its buttons and a run from start to stop. The camera is asked for in `start` and nowhere else. */

import { byId, download } from "../dom.js";
import * as texts from "./texts.js";
import { Board } from "./board.js";
import { listCameras } from "./camera.js";
import { Controls } from "./controls.js";
import { Explain } from "./explain.js";
import { Run } from "./run.js";

/** What goes wrong with one camera and may not with another. */
const OF_ONE_CAMERA = new Set(["notFound", "busy", "unplugged", "unknownCamera"]);

/** @returns {import("../router.js").View} */
export function mountLive() {
  const live = new LiveView();
  // Whoever leaves the view does not expect to be filmed.
  return { show: () => {}, hide: () => live.stop() };
}

class LiveView {
  /** @type {Run | undefined} */
  #run;
  #explain = new Explain();
  #apply = () => this.#run?.apply();
  #board = new Board(new Controls(this.#apply), this.#apply, (id) => this.#explainFace(id));
  #video = /** @type {HTMLVideoElement} */ (byId("video"));
  /** Which camera the person chose, for the next start, too; empty for whichever the browser gives. */
  #cameraId = "";

  constructor() {
    const { screen, overlay } = this.#board;
    screen.startButton.addEventListener("click", () => this.#start());
    screen.startButton.disabled = false; // until now nobody would have heard the click
    screen.stopButton.addEventListener("click", () => this.stop());
    screen.cameraPicker.addEventListener("change", () => {
      this.#cameraId = screen.cameraPicker.value;
      this.#run?.switchCamera(this.#cameraId);
    });
    screen.otherCameraPicker.addEventListener("change", () => (this.#cameraId = screen.otherCameraPicker.value));
    byId("retry").addEventListener("click", () => this.#run?.retry());
    byId("snapshot").addEventListener("click", () => this.#saveSnapshot());
    overlay.onFace((id) => this.#explainFace(id));
    this.#video.addEventListener("resize", () => this.#shapeStage());
    window.addEventListener("pagehide", () => this.stop());
    screen.setState("start");
  }

  stop() {
    if (!this.#run) return;
    this.#end();
    this.#board.screen.setState("stopped");
  }

  #start() {
    this.#end();
    this.#board.screen.setState("connecting");
    this.#run = new Run(this.#video, this.#board, (problem, reason) => {
      this.#end();
      this.#board.screen.showProblem(problem, reason);
      this.#offerOtherCameras(problem);
    });
    this.#run.start(this.#cameraId);
  }

  /** Where one camera can't be had another may. @param {string} problem */
  async #offerOtherCameras(problem) {
    const cameras = OF_ONE_CAMERA.has(problem) ? await listCameras() : [];
    this.#board.screen.offerOtherCameras(cameras, this.#cameraId);
  }

  #end() {
    this.#explain.close();
    this.#run?.stop();
    this.#run = undefined;
  }

  /** @param {number} id */
  #explainFace(id) {
    const run = this.#run;
    const newest = run?.painter.newest;
    const face = newest?.faces.find((one) => one.id === id);
    if (!newest || !face) return;
    this.#board.choose(id);
    this.#explain.open(newest.image, newest.mirrored, face, run.preferences);
  }

  /** The picture as it is shown, boxes and all, to the person's own disk. */
  #saveSnapshot() {
    this.#board.overlay.canvas.toBlob((blob) => blob && download(texts.fileName("snapshot", "png"), blob), "image/png");
  }

  #shapeStage() {
    const { videoWidth, videoHeight } = this.#video;
    if (videoWidth > 0) byId("stage").style.aspectRatio = `${videoWidth} / ${videoHeight}`;
  }
}
