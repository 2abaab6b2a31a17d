// @ts-check
/** What the lines mean, and how high each is at the moment that is shown; a press hides or shows a line. */

import { element, setText } from "../dom.js";
import * as texts from "./texts.js";
import { lineOf } from "../lines.js";

const SVG = "http://www.w3.org/2000/svg";

export class LineKey {
  /** @type {Map<string, HTMLElement>} label -> where its value stands */
  #values = new Map();
  root = element("div", { className: "line-key" });

  /** @param {string[]} labels @param {(at: number, shown: boolean) => void} onToggle */
  constructor(labels, onToggle) {
    this.root.setAttribute("role", "group");
    this.root.ariaLabel = texts.FILES.lines;
    labels.forEach((label, at) => this.root.append(this.#entry(label, at, onToggle)));
  }

  /** @param {Record<string, number> | undefined} probabilities */
  show(probabilities) {
    for (const [label, value] of this.#values) {
      setText(value, probabilities ? texts.percent(Math.round(probabilities[label] * 100)) : "–");
    }
  }

  /** @param {string} label @param {number} at @param {(at: number, shown: boolean) => void} onToggle */
  #entry(label, at, onToggle) {
    const value = element("span", { className: "value", textContent: "–" });
    this.#values.set(label, value);
    const button = element("button", { type: "button", className: "key", ariaPressed: "true" }, sample(label), texts.label(label), value);
    button.addEventListener("click", () => {
      const shown = button.ariaPressed !== "true";
      button.ariaPressed = String(shown);
      onToggle(at, shown);
    });
    return button;
  }
}

/** A piece of the line. @param {string} label */
function sample(label) {
  const { colour, dash } = lineOf(label);
  const line = document.createElementNS(SVG, "line");
  for (const [name, value] of Object.entries({ x1: 1, y1: 5, x2: 27, y2: 5 })) line.setAttribute(name, String(value));
  line.style.stroke = `var(${colour})`;
  line.style.strokeDasharray = dash.join(" ");
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 28 10");
  svg.setAttribute("aria-hidden", "true");
  svg.append(line);
  return svg;
}
