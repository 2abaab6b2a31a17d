// @ts-check
/** The video beside its numbers: the annotated one, or the person's own file with boxes drawn in step. */

import { shown } from "../bars.js";
import { element, setText } from "../dom.js";
import { openable } from "../key.js";
import { Panels } from "../faces.js";
import { Overlay } from "../overlay.js";
import * as texts from "./texts.js";
import { jobPath } from "./api.js";
import { smallButton } from "./buttons.js";
import { followFrames } from "./frames.js";
import { facesAt } from "./moments.js";
import { notice, refusalNotice } from "../notice.js";
import { ownFile, remember } from "./own_files.js";
import { clock } from "./times.js";
import { VoteMap } from "./vote_map.js";

const { FILES } = texts;
/** Of the same video, containers tell lengths that differ by a frame or two. */
const SAME_LENGTH_S = 0.5;

export class Player {
  #gone = new AbortController();
  #video = element("video", { controls: true, playsInline: true, preload: "auto", hidden: true });
  #canvas = element("canvas");
  #overlay = new Overlay(this.#canvas);
  #ask = element("div", { className: "ask-file" });
  #stage = element("figure", { className: "stage" }, this.#video, this.#canvas, this.#ask);
  #picker = element("input", { type: "file", accept: "video/*,.mkv,.avi", hidden: true });
  #note = element("p", { className: "hint" });
  #trouble = element("div");
  #sources = element("div", { className: "actions" });
  #faces = element("div", { className: "faces" });
  #votes;
  /** @type {number | undefined} the face whose votes are shown */
  #chosen;
  #address = "";
  /** Where the video was put by somebody who chose the place: a frame shown there, or before, moves nothing. */
  #soughtTo = -1;
  /** Seconds of the video before the first one that is played. */
  #offset = 0;
  #drawsBoxes = false;
  #canPlay = false;
  /** Whether a button that is about to go has the focus. */
  #focused = false;

  /**
   * @param {import("./api.js").Job} job
   * @param {boolean} annotated whether there is such a video
   * @param {import("./rows.js").Rows} rows
   * @param {import("./moments.js").Plan} plan
   * @param {import("./playhead.js").Playhead} playhead
   * @param {(faceId: number) => void} onChoose
   */
  constructor(job, annotated, rows, plan, playhead, onChoose) {
    this.job = job;
    this.annotated = annotated;
    this.rows = rows;
    this.plan = plan;
    this.playhead = playhead;
    const nobody = element("div", { className: "no-face" }, element("p", { className: "no-face-title", textContent: FILES.nobodyNow }), element("p", { textContent: FILES.nobodyNowBody }));
    this.panels = new Panels(this.#faces, nobody, { onChoose });
    this.#votes = new VoteMap(onChoose);
    const left = element("div", {}, this.#stage, this.#sources, this.#note, this.#trouble, this.#picker);
    const reminder = element("p", { className: "reminder", textContent: texts.TEXTS.reminder });
    const right = element("div", { className: "beside" }, this.#faces, nobody, this.#votes.root, reminder);
    this.root = element("section", { className: "split player" }, left, right);
    this.root.ariaLabel = FILES.playerTitle;
    if (job.video?.width) this.#stage.style.aspectRatio = `${job.video.width} / ${job.video.height}`;
    this.#listen();
    this.#begin();
  }

  close() {
    this.#gone.abort();
    this.#video.removeAttribute("src");
    this.#video.load();
    URL.revokeObjectURL(this.#address);
  }

  #listen() {
    this.#video.setAttribute("controlslist", "nofullscreen"); // that one would leave the boxes behind
    this.playhead.listen((time, jumped) => this.#moved(time, jumped));
    this.#picker.addEventListener("change", () => this.#take(this.#picker.files?.[0]));
    this.#video.addEventListener("error", () => this.#cannotPlay());
    this.#video.addEventListener("loadedmetadata", () => this.#checkLength());
    this.#video.addEventListener("loadeddata", () => (this.#canPlay = true));
    const { signal } = this.#gone;
    document.addEventListener("dragover", (event) => event.preventDefault(), { signal });
    document.addEventListener("drop", (event) => this.#dropped(event), { signal });
    followFrames(this.#video, () => this.#soughtTo, (time) => this.playhead.follow(time + this.#offset));
  }

  /** Anywhere: a browser would leave the page for the file. @param {DragEvent} event */
  #dropped(event) {
    event.preventDefault();
    this.#take(event.dataTransfer?.files[0]);
  }

  #begin() {
    const own = ownFile(this.job.id);
    if (own) this.#playOwn(own);
    else if (this.annotated) this.#playAnnotated();
    else this.#askForFile();
  }

  /** @param {File | undefined} file */
  #take(file) {
    if (!file) return;
    remember(this.job.id, file);
    this.#playOwn(file);
  }

  /** @param {File} file */
  #playOwn(file) {
    URL.revokeObjectURL(this.#address);
    this.#address = URL.createObjectURL(file);
    this.#play(this.#address, 0, true);
    const other = this.annotated ? [this.#annotatedChooser()] : [];
    this.#offer(...this.#fullScreen(), ...other, this.#chooser(FILES.chooseOther));
  }

  async #playAnnotated() {
    try {
      const address = await openable(`${jobPath(this.job.id)}/annotated`);
      if (this.#gone.signal.aborted) return;
      this.#play(address, this.plan.start_s, false);
    } catch (error) {
      return this.#trouble.replaceChildren(refusalNotice(error, this.#annotatedChooser()));
    }
    const own = ownFile(this.job.id);
    const other = own ? smallButton(FILES.playOwn, () => this.#playOwn(own)) : this.#chooser(FILES.playOwn);
    this.#offer(...this.#fullScreen(), other);
  }

  /** @param {string} address @param {number} offset @param {boolean} drawsBoxes */
  #play(address, offset, drawsBoxes) {
    this.#focused = !!this.root.firstElementChild?.contains(document.activeElement);
    this.#offset = offset;
    this.#drawsBoxes = drawsBoxes;
    this.#canPlay = false;
    this.#ask.hidden = true;
    this.#video.hidden = false;
    this.#trouble.replaceChildren();
    this.#video.src = address;
    this.#video.currentTime = this.playhead.time - offset;
    this.#video.dataset.source = drawsBoxes ? "own" : "annotated";
    setText(this.#note, drawsBoxes ? FILES.gliding : FILES.drawnIn);
    this.#moved(this.playhead.time, false);
  }

  /** @param {HTMLElement[]} buttons */
  #offer(...buttons) {
    this.#sources.replaceChildren(...buttons);
    if (this.#focused) buttons[0].focus();
  }

  #askForFile() {
    const zip = this.job.video?.container === "zip";
    this.#video.hidden = true;
    this.#ask.hidden = false;
    const words = zip ? FILES.zipAdvice : FILES.askFileAdvice;
    const title = element("p", { className: "ask-title file-name", textContent: zip ? this.job.file_name : FILES.askFile });
    const choose = zip ? [] : [this.#chooser(FILES.chooseFile)];
    this.#ask.replaceChildren(title, element("p", { textContent: words }), ...choose);
    this.#sources.replaceChildren();
    setText(this.#note, "");
    this.#overlay.clear();
  }

  /** @param {number} time @param {boolean} jumped */
  #moved(time, jumped) {
    if (jumped && !this.#video.hidden) {
      this.#video.currentTime = time - this.#offset;
      this.#soughtTo = this.#video.currentTime;
    }
    const found = facesAt(this.rows, this.plan, time);
    const faces = found.map(shown);
    if (jumped) this.panels.clear();
    this.panels.update(faces, performance.now());
    this.#showVotes(found);
    this.#stage.dataset.boxes = this.#drawsBoxes ? String(faces.length) : "";
    const { width, height } = this.job.video ?? { width: 0, height: 0 };
    if (this.#drawsBoxes && width > 0) this.#overlay.draw({ width, height, mirrored: false, faces });
    else this.#overlay.clear();
  }

  /** @param {number} faceId */
  choose(faceId) {
    this.#chosen = faceId;
    this.#moved(this.playhead.time, false);
  }

  /** @param {ReturnType<typeof facesAt>} faces */
  #showVotes(faces) {
    this.panels.markChosen(this.#chosen);
    if (this.rows.members.length === 0) return;
    const answered = new Set(faces.flatMap((face) => Object.keys(face.votes ?? {})));
    this.#votes.show(faces, this.rows.members.filter((member) => !answered.has(member)), this.#chosen);
  }

  #cannotPlay() {
    if (!this.#video.hasAttribute("src")) return;
    const canGoOn = this.#canPlay && this.#video.error?.code !== MediaError.MEDIA_ERR_DECODE;
    if (canGoOn && !this.#drawsBoxes) return void this.#goOn();
    this.#askForFile();
    this.#trouble.replaceChildren(notice({ title: FILES.unplayable, advice: FILES.unplayableAdvice }));
    if (this.annotated) this.#sources.replaceChildren(this.#annotatedChooser());
    this.#drawsBoxes = false;
  }

  /** It could be played before: its ticket has grown old, or the server was away. */
  async #goOn() {
    const playing = !this.#video.paused;
    await this.#playAnnotated();
    if (playing) await this.#video.play().catch(() => undefined);
  }

  /** A file of another length is hardly the one that was sent. */
  #checkLength() {
    const { duration } = this.#video;
    const expected = this.job.video?.duration_s ?? duration;
    if (!this.#drawsBoxes || !Number.isFinite(duration) || Math.abs(duration - expected) < SAME_LENGTH_S) return;
    this.#trouble.replaceChildren(element("p", { className: "problem-note", textContent: texts.otherLength(clock(expected), clock(duration)) }));
  }

  /** @param {string} words */
  #chooser(words) {
    return smallButton(words, () => this.#picker.click());
  }

  #annotatedChooser() {
    return smallButton(FILES.playAnnotated, () => this.#playAnnotated());
  }

  /** A phone may have none. */
  #fullScreen() {
    return this.#stage.requestFullscreen ? [smallButton(FILES.fullScreen, () => this.#stage.requestFullscreen())] : [];
  }
}
