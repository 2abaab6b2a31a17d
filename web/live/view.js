// @ts-check
/** The live view: its buttons and a run from start to stop. The camera is asked for in `start` and nowhere else. */

import { byId } from "../dom.js";
import { Overlay } from "../overlay.js";
import { Panels } from "./faces.js";
import { Run } from "./run.js";
import { Screen } from "./screen.js";

/** @returns {import("../router.js").View} */
export function mountLive() {
  const screen = new Screen();
  const parts = {
    video: /** @type {HTMLVideoElement} */ (byId("video")),
    overlay: new Overlay(/** @type {HTMLCanvasElement} */ (byId("picture"))),
    panels: new Panels(byId("faces"), byId("no-face")),
    stage: byId("stage"),
  };
  /** @type {Run | undefined} */
  let run;

  function start() {
    run?.stop();
    screen.setState("connecting");
    run = new Run(screen, parts, fail);
    run.start();
  }

  function stop() {
    if (!run) return;
    run.stop();
    run = undefined;
    screen.setState("stopped");
  }

  /** @param {string} problem @param {string} [reason] */
  function fail(problem, reason) {
    run?.stop();
    run = undefined;
    screen.showProblem(problem, reason);
  }

  screen.startButton.addEventListener("click", start);
  screen.stopButton.addEventListener("click", stop);
  screen.retryButton.addEventListener("click", () => run?.stream.retryNow());
  screen.cameraPicker.addEventListener("change", () => run?.switchCamera(screen.cameraPicker.value));
  window.addEventListener("pagehide", stop);
  screen.setState("start");
  // Whoever leaves the view does not expect to be filmed.
  return { show: () => {}, hide: stop };
}
