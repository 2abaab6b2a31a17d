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

  /** @param {(jobId: string) => void} onOnlyOne a video that was sent alone has become a job */
  constructor(onOnlyOne) {
    this.onOnlyOne = onOnlyOne;
  }

  /** @param {File[]} files @param {object} options */
  send(files, options) {
    for (const file of files) {
      const row = new UploadRow(file, options, files.length === 1 ? this.onOnlyOne : () => {}, (again) => this.#queue(again));
      row.root.addEventListener("removed", () => this.#showWhetherAny());
      this.#list.append(row.root);
      this.#queue(row);
    }
    this.#showWhetherAny();
  }

  /** @param {UploadRow} row */
  #queue(row) {
    this.#line = this.#line.then(() => row.run());
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
   * @param {(jobId: string) => void} onDone
   * @param {(row: UploadRow) => void} onAgain
   */
  constructor(file, options, onDone, onAgain) {
    this.file = file;
    this.options = options;
    this.onDone = onDone;
    this.onAgain = onAgain;
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
      this.#remove();
      this.onDone(job.id);
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
    this.#remove();
  }

  /** @param {unknown} error */
  #fail(error) {
    this.trouble.replaceChildren(refusalNotice(error));
    this.#offer(FILES.tryAgain, () => this.#again());
    this.#offer(FILES.remove, () => this.#remove(), false);
  }

  #again() {
    this.trouble.replaceChildren();
    this.#offer(FILES.cancelUpload, () => this.#stop());
    this.onAgain(this);
  }

  /** @param {string} words @param {() => void} act @param {boolean} [alone] in place of those before */
  #offer(words, act, alone = true) {
    const button = smallButton(words, act, this.file.name);
    if (alone) this.#buttons.replaceChildren(button);
    else this.#buttons.append(button);
  }

  #remove() {
    const { root } = this;
    root.hidden = true;
    root.parentElement?.removeChild(root);
    root.dispatchEvent(new Event("removed"));
  }
}
