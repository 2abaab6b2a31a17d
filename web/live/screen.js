// @ts-check
/** What the live view says of itself: its state, its problems, notes over the picture, the cameras to choose from. */

import { byId, setText } from "../dom.js";
import * as texts from "./texts.js";

/** @typedef {"start" | "connecting" | "live" | "reconnecting" | "stopped" | "error"} State */

const ERROR_SHOWN_MS = 6_000;

export class Screen {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #errorTimer;

  constructor() {
    this.startButton = /** @type {HTMLButtonElement} */ (byId("start"));
    this.stopButton = /** @type {HTMLButtonElement} */ (byId("stop"));
    this.cameraPicker = /** @type {HTMLSelectElement} */ (byId("camera"));
    this.otherCameraPicker = /** @type {HTMLSelectElement} */ (byId("problem-camera"));
    setText(byId("notice-sent"), texts.whatIsSent(location.host));
    this.sayUnanswered();
  }

  get state() {
    return /** @type {State} */ (document.body.dataset.state);
  }

  /** @param {State} state */
  setState(state) {
    const before = this.state;
    document.body.dataset.state = state;
    setText(byId("connection"), texts.CONNECTION[state]);
    const startWords = { stopped: texts.TEXTS.startAgain, error: texts.TEXTS.tryAgain }[/** @type {string} */ (state)];
    setText(this.startButton, startWords ?? texts.TEXTS.start);
    if (state === "live") this.note("");
    if (state === "live" && document.activeElement?.id === "retry") this.stopButton.focus();
    if (before && running(before) !== running(state)) this.#moveFocus(state);
  }

  /** @param {string} problem a key of PROBLEMS @param {string} [reason] the server's, when it closed */
  showProblem(problem, reason = "") {
    const { title, advice } = texts.PROBLEMS[problem];
    this.setState("error");
    setText(byId("problem-title"), title);
    setText(byId("problem-advice"), `${texts.closing(reason)} ${advice}`.trim());
  }

  /** Over the picture. @param {string} words */
  note(words) {
    setText(byId("stage-note"), words);
  }

  /** In place of panels. @param {number} mostFaces that are read at once */
  sayNoFace(mostFaces) {
    setText(byId("no-face-title"), texts.TEXTS.noFaceTitle);
    setText(byId("no-face-body"), texts.noFaceBody(mostFaces));
  }

  /** No answer is not the same as no face. */
  sayUnanswered() {
    setText(byId("no-face-title"), texts.TEXTS.unansweredTitle);
    setText(byId("no-face-body"), texts.TEXTS.unansweredBody);
  }

  /** @param {import("./wire.js").ServerError} error */
  showServerError(error) {
    clearTimeout(this.#errorTimer);
    setText(byId("server-error"), texts.serverError(error.code, error.message));
    this.#errorTimer = setTimeout(() => setText(byId("server-error"), ""), ERROR_SHOWN_MS);
  }

  /** @param {{ id: string, name: string }[]} cameras @param {string | undefined} chosen */
  showCameras(cameras, chosen) {
    this.cameraPicker.replaceChildren(...optionsOf(cameras, chosen));
    this.cameraPicker.disabled = cameras.length < 2;
  }

  /** Beside a problem. @param {{ id: string, name: string }[]} cameras @param {string} chosen */
  offerOtherCameras(cameras, chosen) {
    const any = { id: "", name: texts.TEXTS.anyCamera };
    this.otherCameraPicker.replaceChildren(...optionsOf([any, ...cameras], chosen));
    byId("other-camera").hidden = cameras.length < 2;
  }

  reset() {
    setText(byId("server-error"), "");
    this.note("");
    this.sayUnanswered();
  }

  /** Focus follows the button that takes the place of the one that goes. @param {State} state */
  #moveFocus(state) {
    (running(state) ? this.stopButton : this.startButton).focus({ preventScroll: running(state) });
  }
}

/** @param {{ id: string, name: string }[]} cameras @param {string | undefined} chosen */
const optionsOf = (cameras, chosen) => cameras.map(({ id, name }) => new Option(name, id, false, id === chosen));

/** @param {State} state */
const running = (state) => state === "connecting" || state === "live" || state === "reconnecting";
