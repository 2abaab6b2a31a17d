// @ts-check
/** One picture: its faces with boxes and bars, how each model voted, what the vote leans on, its numbers to keep. */

import { shown } from "../bars.js";
import { byId, element, setText } from "../dom.js";
import { greatestLoss } from "../explanation.js";
import { Panels } from "../faces.js";
import { Overlay } from "../overlay.js";
import * as texts from "./texts.js";
import { Refused } from "../refused.js";
import { smallButton } from "./buttons.js";
import { notice, refusalNotice } from "../notice.js";
import { readFile } from "./picture_file.js";
import { saveCsv, saveJson } from "./picture_numbers.js";
import { VoteMap } from "./vote_map.js";

const { FILES } = texts;
/** Longest side of what is shown, in pixels; a hundred of them still fit into a page's memory. */
const PREVIEW = 1200;

/** @typedef {import("./picture_numbers.js").Numbers} Numbers */
/** @typedef {{ again: () => void, remove: () => void }} Actions */

export class PictureCard {
  /** @type {import("./api.js").Reading | undefined} */
  #reading;
  /** @type {ImageBitmap | undefined} as large as it may be shown: whole, many pictures would fill the memory */
  #preview;
  #size = { width: 0, height: 0 };
  #explained = false;
  #gone = new AbortController();
  #canvas = element("canvas");
  #overlay = new Overlay(this.#canvas);
  #stage = element("figure", { className: "stage", hidden: true }, this.#canvas);
  #faces = element("div", { className: "faces" });
  #panels = new Panels(this.#faces, element("p"), { onChoose: (id) => this.#choose(id) });
  #votes = new VoteMap((id) => this.#choose(id));
  #note = element("p", { className: "hint", role: "status", textContent: FILES.waiting });
  #trouble = element("div");
  #beside = element("div", { className: "beside" }, this.#faces, this.#trouble);
  #explain = smallButton(FILES.explain, () => this.#toggleExplanation());
  #leans = element("ul");
  #legend = element("div", { className: "hint legend", hidden: true }, element("p", { textContent: FILES.explainLegend }), this.#leans);
  #actions = element("div", { className: "actions" });

  /** @param {File} file @param {Actions} actions */
  constructor(file, actions) {
    this.file = file;
    this.actions = actions;
    this.removeButton = smallButton(FILES.remove, actions.remove, file.name);
    this.#explain.ariaPressed = "false";
    const name = element("h3", { className: "file-name", textContent: file.name });
    const head = element("div", { className: "section-head" }, name, this.removeButton);
    const left = element("div", {}, this.#stage, this.#legend, this.#note, this.#actions, this.#votes.root);
    this.root = element("article", { className: "picture card" }, head, element("div", { className: "split" }, left, this.#beside));
    this.root.ariaLabel = file.name;
    this.#canvas.setAttribute("role", "img");
    this.#overlay.onFace((id) => this.#choose(id));
  }

  /** Sends the picture and shows what comes back, be it a refusal. */
  async run() {
    const focused = this.#trouble.contains(document.activeElement);
    this.#trouble.replaceChildren();
    if (focused) this.removeButton.focus();
    setText(this.#note, FILES.reading);
    try {
      const { reading, note } = await this.#read({ votes: "true" });
      setText(this.#note, note);
      this.#show(reading);
    } catch (error) {
      if (this.#gone.signal.aborted) return;
      setText(this.#note, "");
      this.#trouble.replaceChildren(refusalNotice(error, smallButton(FILES.tryAgain, this.actions.again, this.file.name)));
    }
  }

  /** Raises what the signal is aborted with once the card is closed, too. @param {Record<string, string>} query */
  async #read(query) {
    const { signal } = this.#gone;
    const bitmap = await bitmapOf(this.file);
    try {
      if (!this.#preview) await this.#showPicture(bitmap);
      return await readFile(this.file, bitmap, query, signal);
    } finally {
      bitmap.close();
    }
  }

  /** Nothing more is sent or shown; what the server was asked is given up. */
  close() {
    this.#gone.abort();
    this.#overlay.clear();
    this.#preview?.close();
    this.root.remove();
  }

  /** @returns {Numbers | undefined} */
  numbers() {
    return this.#reading && { name: this.file.name, ...this.#reading };
  }

  /** @param {ImageBitmap} bitmap */
  async #showPicture(bitmap) {
    const { width, height } = bitmap;
    const scale = Math.min(1, PREVIEW / Math.max(width, height));
    const size = { resizeWidth: Math.ceil(width * scale), resizeHeight: Math.ceil(height * scale) };
    this.#size = { width, height };
    const preview = await createImageBitmap(bitmap, { ...size, resizeQuality: "high" });
    if (this.#gone.signal.aborted) return preview.close();
    this.#preview = preview;
    this.#stage.style.aspectRatio = `${width} / ${height}`;
    this.#stage.hidden = false;
    this.#draw();
  }

  /** @param {import("./api.js").Reading} reading */
  #show(reading) {
    this.#reading = reading;
    this.root.dataset.faces = String(reading.faces.length);
    this.#panels.update(this.#shownFaces(), 0);
    this.#draw();
    setText(byId("announcer"), texts.pictureWords(this.file.name, this.#shownFaces()));
    if (reading.faces.length === 0) {
      this.#trouble.replaceChildren(notice({ title: FILES.noFace, advice: FILES.noFaceAdvice }));
    } else {
      this.#choose(reading.faces[0].face_id);
      this.#offerDownloads();
    }
  }

  /** @param {number} faceId */
  #choose(faceId) {
    const { faces, members } = /** @type {import("./api.js").Reading} */ (this.#reading);
    this.#panels.markChosen(faceId);
    this.#votes.show(faces, members.missing, faceId);
  }

  #offerDownloads() {
    const save = [
      smallButton(FILES.json, () => saveJson(this.file.name, this.numbers()), this.file.name),
      smallButton(FILES.csv, () => saveCsv(this.file.name, [/** @type {Numbers} */ (this.numbers())]), this.file.name),
    ];
    this.#actions.replaceChildren(this.#explain, ...save);
  }

  #shownFaces() {
    return (this.#reading?.faces ?? []).map(shown);
  }

  /** Boxes are in pixels of what was sent, which may be smaller than the picture. */
  #draw() {
    const { width, height } = this.#reading ?? this.#size;
    const faces = this.#shownFaces();
    const explanations = this.#explained ? (this.#reading?.faces ?? []).flatMap((face) => face.explanation ?? []) : [];
    this.#overlay.draw({ image: this.#preview, width, height, mirrored: false, faces, explanations });
    this.#canvas.ariaLabel = texts.pictureWords(this.file.name, faces);
  }

  async #toggleExplanation() {
    if (!this.#reading?.faces.some((face) => face.explanation)) await this.#askWhy();
    else this.#showExplanation(!this.#explained);
  }

  async #askWhy() {
    this.#explain.disabled = true;
    this.#trouble.replaceChildren();
    setText(this.#explain, FILES.explaining);
    try {
      const { reading } = await this.#read({ votes: "true", explain: "true" });
      this.#show(reading);
      const mapped = reading.faces.some((face) => face.explanation);
      this.#showExplanation(mapped);
      if (!mapped) setText(this.#note, texts.TEXTS.explainNoMap);
    } catch (error) {
      if (this.#gone.signal.aborted) return;
      this.#trouble.replaceChildren(refusalNotice(error));
      this.#showExplanation(false);
    } finally {
      this.#explain.disabled = false;
      // A button that is disabled loses the focus; who has gone on elsewhere meanwhile stays there.
      if (document.activeElement === document.body) this.#explain.focus();
    }
  }

  /** @param {boolean} shows */
  #showExplanation(shows) {
    this.#explained = shows;
    this.#explain.ariaPressed = String(shows);
    setText(this.#explain, shows ? FILES.explained : FILES.explain);
    this.#legend.hidden = !shows;
    this.#leans.replaceChildren(...(this.#reading?.faces ?? []).flatMap(leaning));
    this.#draw();
  }
}

/** In words, of a face that was explained. @param {import("../live/wire.js").Face} face */
function leaning({ face_id: id, explanation }) {
  if (!explanation) return [];
  return [element("li", { textContent: texts.leaning(id, texts.leansOn(explanation.label, greatestLoss(explanation))) })];
}

/** The picture as the browser shows it. Raises Refused. @param {File} file */
async function bitmapOf(file) {
  try {
    return await createImageBitmap(file);
  } catch {
    const known = ["image/jpeg", "image/png", "image/webp"].includes(file.type);
    throw new Refused(known ? "bad_image" : "unsupported", "");
  }
}
