// @ts-check
/** Wires the buttons to a run. The camera is asked for in `start` and nowhere else. */

import { Panels } from "./bars.js";
import { Live } from "./live.js";
import { Overlay } from "./overlay.js";
import { View, byId } from "./view.js";

const view = new View();
const parts = {
  video: /** @type {HTMLVideoElement} */ (byId("video")),
  overlay: new Overlay(/** @type {HTMLCanvasElement} */ (byId("picture"))),
  panels: new Panels(byId("faces"), byId("no-face")),
  stage: byId("stage"),
};
/** @type {Live | undefined} */
let live;

function start() {
  live?.stop();
  view.setState("connecting");
  live = new Live(view, parts, fail);
  live.start();
}

function stop() {
  live?.stop();
  live = undefined;
  view.setState("stopped");
}

/** @param {string} problem @param {string} [reason] */
function fail(problem, reason) {
  live?.stop();
  live = undefined;
  view.showProblem(problem, reason);
}

view.startButton.addEventListener("click", start);
view.stopButton.addEventListener("click", stop);
view.retryButton.addEventListener("click", () => live?.stream.retryNow());
view.cameraPicker.addEventListener("change", () => live?.switchCamera(view.cameraPicker.value));
window.addEventListener("pagehide", () => live && stop());
view.setState("start");
