// @ts-check
/** The page that the consent leads to: what becomes of pictures, and how that is tested. Its words are no other view's. */

import { element } from "./dom.js";
import { bearer, forget } from "./key.js";
import { TEXTS } from "./texts.js";

const PARTS = [
  {
    title: "Live pictures",
    paragraphs: [
      "The camera is asked for when you press the button and is off again when you stop or leave the view. A hidden tab sends nothing.",
      "A frame goes to the server over one connection, lies in the server’s memory (Redis, without a disk) until a worker takes it, and is gone at the latest half a second after its deadline. It is not written to a disk and not to a log.",
    ],
  },
  {
    title: "How that is tested",
    paragraphs: [
      "tests/integration/test_non_retention.py sends frames and pictures that carry a mark in their bytes through a running platform. Then it looks for the mark in Redis, in every file that the platform wrote and in every log, and finds none. It also stops the workers, sees a frame wait in memory, and sees it gone after its deadline; and it makes sure that its search would find a mark where there is one.",
    ],
  },
  {
    title: "Videos",
    paragraphs: [
      "A video that you hand in is kept until its job has ended and is then removed; its results are kept for as long as the server’s owner has set.",
    ],
  },
  {
    title: "Numbers",
    paragraphs: [
      "Numbers that you record stay in this page until you download or leave it. What you chose in the settings is remembered by this browser alone.",
      "An expression is not a feeling: the percentages are a model’s guess at how a face looks.",
    ],
  },
];

const KEY = {
  title: "Your API key",
  body: "It lies in this tab’s storage, which a browser may bring back with a tab that is opened again, and is shown to this server alone.",
  forget: "Forget the key",
};

/** @param {HTMLElement} section @returns {import("./router.js").View} */
export function mountPrivacy(section) {
  section.append(element("h1", { textContent: TEXTS.privacyTitle }));
  for (const { title, paragraphs } of PARTS) {
    section.append(element("h2", { textContent: title }));
    section.append(...paragraphs.map((textContent) => element("p", { textContent })));
  }
  const button = element("button", { type: "button", className: "secondary", textContent: KEY.forget });
  button.addEventListener("click", forget);
  const key = element("div", {}, element("h2", { textContent: KEY.title }), element("p", { textContent: KEY.body }), button);
  section.append(key);
  return { show: () => void (key.hidden = !bearer().Authorization), hide: () => {} };
}
