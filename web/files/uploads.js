// @ts-check
/** The videos on their way to the server, one after the other, each with how far it is. */

import { element, setText } from "../dom.js";
import * as texts from "./texts.js";
import { smallButton } from "./buttons.js";
import { askToStay } from "../leaving.js";
import { refusalNotice } from "../notice.js";
import { remember } from "./own_files.js";
import { duration, fileSize } from "./times.js";
import { newKey, Upload } from "./upload.js";

const { FILES } = texts;

export class Uploads {
  #list = element("ul", { className: "uploads" });
  /** What is sent next waits for what is sent now. */
  #line = Promise.resolve();
  root = element(
    "section",
    { className: "panel", hidden: true },
    element("h2", { textContent: FILES.uploadsTitle }),
    this.#list,
  );

  /**
   * @param {(jobId: string) => void} onOnlyOne a video that was sent alone has become a job
   * @param {() => void} onLastGone the focus was in the last one and has to go somewhere
   */
  constructor(onOnlyOne, onLastGone) {
    this.onOnlyOne = onOnlyOne;
    this.onLastGone = onLastGone;
  }

  /** @param {File[]} files @param {object} options */
  send(files, options) {
    for (const file of files) {
      const row = new UploadRow(file, options, {
        done: files.length === 1 ? this.onOnlyOne : () => {},
        again: () => this.#queue(row),
        remove: () => this.#remove(row.root),
      });
      this.#list.append(row.root);
      this.#queue(row);
    }
    this.#showWhetherAny();
  }

  /** @param {UploadRow} row */
  #queue(row) {
    this.#line = this.#line.then(() => row.run()).catch(reportError); // one's mistake stops no other
  }

  /** The focus must not fall back to the page's start. @param {HTMLElement} row */
  #remove(row) {
    const focused = row.contains(document.activeElement);
    const neighbour = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    this.#showWhetherAny();
    if (!focused) return;
    if (neighbour) neighbour.querySelector("button")?.focus();
    else this.onLastGone();
  }

  #showWhetherAny() {
    this.root.hidden = this.#list.childElementCount === 0;
  }
}

class UploadRow {
  #key = newKey();
  #bar = element("progress", { max: 1, value: 0 });
  #words = element("p", { className: "hint" });
  #buttons = element("div", { className: "actions" });
  #stopped = false;
  /** @type {Upload | undefined} */
  #upload;

  /**
   * @param {File} file
   * @param {object} options
   * @param {{ done: (jobId: string) => void, again: () => void, remove: () => void }} actions
   */
  constructor(file, options, actions) {
    this.file = file;
    this.options = options;
    this.actions = actions;
    this.#bar.ariaLabel = file.name;
    const name = element("p", { className: "file-name strong", textContent: file.name });
    this.trouble = element("div");
    this.root = element("li", { className: "upload" }, name, this.#bar, this.#words, this.trouble, this.#buttons);
    this.#offer(FILES.cancelUpload, () => this.#stop());
    setText(this.#words, texts.uploadProgress(0, fileSize(0), fileSize(file.size), ""));
  }

  async run() {
    if (this.#stopped) return;
    this.#upload = new Upload(this.file, this.options, this.#key);
    askToStay(this, true);
    try {
      const job = await this.#upload.send((progress) => this.#show(progress));
      remember(job.id, this.file);
      this.actions.remove();
      this.actions.done(job.id);
    } catch (error) {
      if (!this.#stopped) this.#fail(error);
    } finally {
      askToStay(this, false);
    }
  }

  /** @param {import("./upload.js").Progress} progress */
  #show({ sent, all, leftS }) {
    const share = all > 0 ? sent / all : 0;
    this.#bar.value = share;
    const left = leftS === undefined || share === 1 ? "" : duration(leftS);
    setText(this.#words, texts.uploadProgress(Math.floor(share * 100), fileSize(sent), fileSize(all), left));
  }

  #stop() {
    this.#stopped = true;
    this.#upload?.stop();
    this.actions.remove();
  }

  /** @param {unknown} error */
  #fail(error) {
    this.trouble.replaceChildren(refusalNotice(error));
    this.#offer(FILES.tryAgain, () => this.#again());
    this.#offer(FILES.remove, this.actions.remove, false);
  }

  #again() {
    this.trouble.replaceChildren();
    this.#offer(FILES.cancelUpload, () => this.#stop());
    this.actions.again();
  }

  /** @param {string} words @param {() => void} act @param {boolean} [alone] in place of those before */
  #offer(words, act, alone = true) {
    const button = smallButton(words, act, this.file.name);
    const focused = this.#buttons.contains(document.activeElement);
    if (!alone) return this.#buttons.append(button);
    this.#buttons.replaceChildren(button);
    if (focused) button.focus();
  }
}
