// @ts-check
/** All that shows something of a run, and the one place that hands each part what it shows. */

import { byId } from "../dom.js";
import { Overlay } from "../overlay.js";
import { Announcer } from "./announcer.js";
import { Choice } from "./choice.js";
import { FacePicker } from "./facepicker.js";
import { Panels } from "../faces.js";
import { Readouts } from "./readouts.js";
import { Recorder } from "./recorder.js";
import { Screen } from "./screen.js";
import { Timeline } from "./timeline.js";
import { Votes } from "./votes.js";

/** @typedef {import("./painter.js").Answered} Answered */

export class Board {
  screen = new Screen();
  overlay = new Overlay(/** @type {HTMLCanvasElement} */ (byId("picture")));
  timeline = new Timeline();
  readouts = new Readouts();
  recorder = new Recorder();
  #announcer = new Announcer();
  #choice = new Choice();
  /** Of the present session, whatever is wished. */
  #mostFaces = Infinity;

  /**
   * @param {import("./controls.js").Controls} controls
   * @param {() => void} onSight every member's vote has come into sight, or gone from it
   * @param {(id: number) => void} onExplain
   */
  constructor(controls, onSight, onExplain) {
    this.controls = controls;
    this.votes = new Votes(onSight);
    this.panels = new Panels(byId("faces"), byId("no-face"), { onChoose: (id) => this.choose(id), onExplain });
    this.picker = new FacePicker((id) => this.choose(id));
  }

  /** @param {import("./wire.js").SessionCreated} session */
  begin(session) {
    this.panels.labels = session.labels;
    this.#mostFaces = session.limits.max_faces;
    this.votes.start(session.members.map((member) => member.name), session.labels);
    this.timeline.start(session.labels);
    this.controls.offer(session.vote_profiles, session.limits);
    this.screen.setState("live");
  }

  /** @param {number} id */
  choose(id) {
    this.#choice.choose(id);
    this.timeline.choose(id);
    this.panels.markChosen(id);
  }

  /** @param {Answered} newest */
  remember({ faces, at }) {
    this.timeline.add(at, faces);
    this.#choice.update(faces.map((face) => face.id), this.timeline.ids);
  }

  /** @param {Answered} newest @param {number} now */
  showAnswered({ image, mirrored, faces, result }, now) {
    const { landmarks, maxFaces } = this.controls.wishes;
    this.overlay.draw({ image, mirrored, faces, width: result.width, height: result.height, landmarks });
    this.panels.update(faces, now);
    this.panels.markChosen(this.#choice.current);
    this.votes.update(this.#choice.current, result, now);
    this.screen.sayNoFace(Math.min(maxFaces, this.#mostFaces));
    this.#announcer.say(faces, now);
  }

  /** @param {import("../overlay.js").Picture} picture @param {number} now */
  showUnanswered(picture, now) {
    this.overlay.draw(picture);
    this.panels.update([], now);
    this.screen.sayUnanswered();
  }

  /** What moves with time, answer or not. @param {number} now */
  tick(now) {
    this.readouts.show(now);
    this.timeline.draw(now, this.#choice.current);
    this.picker.show(this.timeline.shownIds, this.timeline.face);
  }

  end() {
    this.recorder.stop();
    this.overlay.clear();
    this.panels.clear();
    this.votes.stop();
    this.timeline.stop();
    this.readouts.reset();
    this.#announcer.clear();
    this.#choice = new Choice();
    this.screen.reset();
  }
}
