// @ts-check
/** What to do with the videos that were chosen: the options of a job, with defaults that fit most. */

import { element } from "../dom.js";
import * as texts from "./texts.js";
import { field, tick } from "./fields.js";
import { fileSize, seconds } from "./times.js";

const { FILES } = texts;

export class VideoForm {
  /** @type {File[]} */
  #files = [];
  #fps = element("input", { type: "number", min: "0.1", max: "60", step: "any", value: "5", required: true });
  #from = element("input", { type: "text", inputMode: "decimal", placeholder: "0:00", autocomplete: "off" });
  #to = element("input", { type: "text", inputMode: "decimal", autocomplete: "off" });
  #maxFaces = element("input", { type: "number", min: "1", max: "32", value: "8", required: true });
  #annotated = element("input", {});
  #votes = element("input", {});
  #label = element("input", { type: "text", maxLength: 200, autocomplete: "off" });
  #profile = element("select");
  #smoothing = element("input", { type: "number", min: "0", max: "0.99", step: "any", value: "0.6", required: true });
  #minFaceSize = element("input", { type: "number", min: "8", max: "2000", value: "24", required: true });
  #names = element("ul", { className: "chosen" });

  /** @param {(files: File[], options: object) => void} onSend @param {() => void} onClosed sent or not */
  constructor(onSend, onClosed) {
    const send = element("button", { type: "submit", className: "primary", textContent: FILES.send });
    const dismiss = element("button", { type: "button", className: "secondary", textContent: FILES.notNow });
    const title = element("h2", { id: "video-form-title", textContent: FILES.videoForm });
    this.root = element("form", { className: "video-form", hidden: true }, title, this.#names);
    this.root.append(this.#mainFields(), this.#tickFields(), this.#moreFields(), element("div", { className: "actions" }, send, dismiss));
    this.root.setAttribute("aria-labelledby", title.id);
    for (const time of [this.#from, this.#to]) time.addEventListener("input", () => this.#checkTimes());
    dismiss.addEventListener("click", () => {
      this.#close();
      onClosed();
    });
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      const files = this.#files;
      this.#close();
      onSend(files, this.options());
      onClosed();
    });
  }

  /** Adds to those that wait already. @param {File[]} files */
  ask(files) {
    this.#files.push(...files);
    this.#names.replaceChildren(...this.#files.map(named));
    this.root.hidden = false;
    this.#fps.focus();
  }

  /** @param {string[]} names */
  setProfiles(names) {
    const chosen = this.#profile.value;
    this.#profile.replaceChildren(...names.map((name) => new Option(name, name)));
    if (names.includes(chosen)) this.#profile.value = chosen;
  }

  options() {
    return {
      fps: Number(this.#fps.value),
      start_s: this.#from.value.trim() ? seconds(this.#from.value) : 0,
      end_s: this.#to.value.trim() ? seconds(this.#to.value) : null,
      max_faces: Number(this.#maxFaces.value),
      min_face_size: Number(this.#minFaceSize.value),
      smoothing: Number(this.#smoothing.value),
      vote_profile: this.#profile.value || "default",
      annotated: this.#annotated.checked,
      votes: this.#votes.checked,
      label: this.#label.value.trim(),
    };
  }

  #mainFields() {
    return element(
      "div",
      { className: "fields" },
      field(this.#fps, FILES.fps, FILES.fpsHint),
      field(this.#from, FILES.from, FILES.fromHint),
      field(this.#to, FILES.to, FILES.toHint),
      field(this.#label, FILES.label, FILES.labelHint),
    );
  }

  #tickFields() {
    return element(
      "div",
      { className: "field-row" },
      tick(this.#annotated, FILES.annotated, FILES.annotatedHint),
      tick(this.#votes, FILES.votes, FILES.votesHint),
    );
  }

  #moreFields() {
    const fields = element(
      "div",
      { className: "fields" },
      field(this.#maxFaces, FILES.maxFaces, FILES.maxFacesHint),
      field(this.#minFaceSize, FILES.minFaceSize, FILES.minFaceSizeHint),
      field(this.#smoothing, FILES.smoothing, FILES.smoothingHint),
      field(this.#profile, FILES.profile),
    );
    const fold = element("details", { className: "more" }, element("summary", { textContent: FILES.more }), fields);
    fold.addEventListener("invalid", () => (fold.open = true), true); // or nothing would tell why it is not sent
    return fold;
  }

  #checkTimes() {
    const [from, to] = [this.#from, this.#to].map(({ value }) => (value.trim() ? seconds(value) : undefined));
    this.#from.setCustomValidity(Number.isNaN(from) ? FILES.badTime : "");
    const tooEarly = to !== undefined && to <= (from ?? 0);
    this.#to.setCustomValidity(Number.isNaN(to) ? FILES.badTime : tooEarly ? FILES.endBeforeStart : "");
  }

  #close() {
    this.#files = [];
    this.root.hidden = true;
  }
}

/** @param {File} file */
function named(file) {
  const name = element("span", { className: "file-name", textContent: file.name });
  return element("li", {}, name, element("span", { className: "hint", textContent: fileSize(file.size) }));
}
