// @ts-check
/** The pictures that were chosen, newest first, read two at a time, and their numbers together. */

import { element, setText } from "../dom.js";
import { FILES, picturesLeftOut } from "./texts.js";
import { smallButton } from "./buttons.js";
import { PictureCard } from "./picture_card.js";
import { saveCsv, saveJson } from "./picture_numbers.js";

/** So many are with the server at once: more would only wait there, and too long. */
const AT_ONCE = 2;
/** So many are shown at once: each keeps some megabytes of the page's memory. */
const MOST = 100;

export class Pictures {
  /** @type {PictureCard[]} */
  #cards = [];
  /** @type {PictureCard[]} */
  #waiting = [];
  #busy = 0;
  #list = element("div", { className: "pictures" });
  #all = element("div", { className: "actions" });
  #leftOut = element("p", { className: "hint", role: "status" });

  /** @param {() => void} onLastGone the last one was removed, and the focus has to go somewhere */
  constructor(onLastGone) {
    this.onLastGone = onLastGone;
    const head = element("div", { className: "section-head" }, element("h2", { textContent: FILES.picturesTitle }), this.#all);
    this.root = element("section", { hidden: true }, head, this.#leftOut, this.#list);
    this.#all.append(
      smallButton(FILES.allJson, () => saveJson(FILES.picturesFile, this.#read())),
      smallButton(FILES.allCsv, () => saveCsv(FILES.picturesFile, this.#read())),
      smallButton(FILES.clearPictures, () => this.#clear()),
    );
  }

  /** @param {File[]} files */
  add(files) {
    const room = Math.max(0, MOST - this.#cards.length);
    setText(this.#leftOut, files.length > room ? picturesLeftOut(files.length - room, MOST) : "");
    for (const file of files.slice(0, room)) {
      const card = new PictureCard(file, { again: () => this.#queue(card), remove: () => this.#remove(card) });
      this.#cards.unshift(card);
      this.#list.prepend(card.root);
      this.#queue(card);
    }
    this.#showWhetherAny();
  }

  /** @param {PictureCard} card */
  #queue(card) {
    this.#waiting.push(card);
    this.#next();
  }

  async #next() {
    if (this.#busy === AT_ONCE) return;
    const card = this.#waiting.shift();
    if (!card) return;
    this.#busy += 1;
    try {
      await card.run();
    } finally {
      this.#busy -= 1;
      this.#next();
    }
  }

  #read() {
    return this.#cards.flatMap((card) => card.numbers() ?? []);
  }

  /** @param {PictureCard} card */
  #remove(card) {
    const next = this.#cards[this.#cards.indexOf(card) + 1] ?? this.#cards.at(-2);
    this.#cards = this.#cards.filter((other) => other !== card);
    this.#waiting = this.#waiting.filter((other) => other !== card);
    card.close();
    setText(this.#leftOut, "");
    this.#showWhetherAny();
    if (next) next.removeButton.focus();
    else this.onLastGone();
  }

  #clear() {
    for (const card of [...this.#cards]) this.#remove(card);
  }

  #showWhetherAny() {
    this.root.hidden = this.#cards.length === 0;
    this.#all.hidden = this.#cards.length < 2;
  }
}
