// @ts-check
/** Takes files from a picker, from anywhere they are dropped while it is shown, and from the clipboard. */

import { element } from "../dom.js";
import { sayByKey } from "../key.js";
import { FILES, whereFilesGo } from "./texts.js";
import { ACCEPTED } from "./media_kind.js";

export class DropZone {
  #picker = element("input", { type: "file", multiple: true, accept: ACCEPTED, hidden: true });
  #listening = new AbortController();
  /** How many elements the dragged files are over: leaving a child is not leaving the page. */
  #depth = 0;

  /** @param {(files: File[]) => void} onFiles */
  constructor(onFiles) {
    this.onFiles = onFiles;
    this.choose = element("button", { type: "button", className: "primary", textContent: FILES.choose });
    this.choose.addEventListener("click", () => this.#picker.click());
    this.#picker.addEventListener("change", () => this.#take(this.#picker.files));
    const hint = element("p", { className: "drop-hint", textContent: FILES.drop });
    const formats = element("p", { className: "hint", textContent: FILES.formats });
    this.root = element("div", { className: "drop-zone" }, this.choose, this.#picker, hint, formats);
    this.root.dataset.dropWords = FILES.dropNow;
    this.kept = element("ul", { className: "kept" }, ...this.#promises());
  }

  listen() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    document.addEventListener("dragenter", () => this.#hover(1), { signal });
    document.addEventListener("dragleave", () => this.#hover(-1), { signal });
    document.addEventListener("dragover", (event) => event.preventDefault(), { signal });
    document.addEventListener("drop", (event) => this.#dropped(event), { signal });
    document.addEventListener("paste", (event) => this.#take(event.clipboardData?.files), { signal });
  }

  ignore() {
    this.#listening.abort();
    this.#depth = 0;
    this.#hover(0);
  }

  #promises() {
    const words = [whereFilesGo(location.host), FILES.keptPictures, FILES.keptVideos];
    return [...words.map((textContent) => element("li", { textContent })), sayByKey(element("li"), FILES.whoSees)];
  }

  /** @param {number} step */
  #hover(step) {
    this.#depth = Math.max(0, this.#depth + step);
    this.root.classList.toggle("hovered", this.#depth > 0);
  }

  /** @param {DragEvent} event */
  #dropped(event) {
    event.preventDefault();
    this.#depth = 0;
    this.#hover(0);
    this.#take(event.dataTransfer?.files);
  }

  /** @param {FileList | null | undefined} files */
  #take(files) {
    if (files && files.length > 0) this.onFiles([...files]);
    this.#picker.value = ""; // so that the same file can be chosen again
  }
}
