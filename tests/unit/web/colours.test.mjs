// The colours of labels and faces as the colour-blind see them: `node --test tests/unit/web/`.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { lineOf } from "../../../web/lines.js";
import { ON_PICTURE } from "../../../web/overlay.js";

const WEB = new URL("../../../web/", import.meta.url);
const CSS = ["style.css", "live/live.css"].map((name) => readFileSync(new URL(name, WEB), "utf8")).join("\n");
const LABELS = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"];
const THEMES = { light: 0, dark: 1 };

/** CIE76: lines are thin and lie apart, so twenty; a strip's colours lie side by side (and bars say the same), so ten. */
const LEAST_OF_LINES = 20;
const LEAST_OF_STRIPS = 10;
/** A face's colour never stands without its number. */
const LEAST_OF_FACES = 10;
/** WCAG 1.4.11, of graphical objects. */
const LEAST_CONTRAST = 3;

/** Machado, Oliveira and Fernandes 2009, at full severity, on linear RGB. */
const SIGHTS = {
  all: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

/** Linear RGB of a property of the style sheets. @param {string} name @param {keyof typeof THEMES} theme */
function colour(name, theme) {
  const pair = CSS.match(new RegExp(`${name}: light-dark\\((#[0-9a-f]{6}), (#[0-9a-f]{6})\\)`));
  const hex = pair[1 + THEMES[theme]];
  const shares = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
  return shares.map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
}

const times = (matrix, [r, g, b]) => matrix.map((row) => row[0] * r + row[1] * g + row[2] * b);
const seen = (sight, rgb) => times(SIGHTS[sight], rgb).map((share) => Math.min(1, Math.max(0, share)));

/** CIELAB, of linear sRGB under D65. */
function lab(rgb) {
  const toXyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.072175], [0.0193339, 0.119192, 0.9503041]];
  const white = [0.95047, 1, 1.08883];
  const [x, y, z] = times(toXyz, rgb)
    .map((value, at) => value / white[at])
    .map((value) => (value > 216 / 24389 ? Math.cbrt(value) : ((24389 / 27) * value + 16) / 116));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const difference = (a, b) => Math.hypot(...lab(a).map((value, at) => value - lab(b)[at]));

function contrast(a, b) {
  const [dark, light] = [a, b].map(([r, g, blue]) => 0.2126 * r + 0.7152 * g + 0.0722 * blue).sort((one, other) => one - other);
  return (light + 0.05) / (dark + 0.05);
}

const FACES = ON_PICTURE.map((_, at) => `--face-${at}`);
const pairsOf = (names) => names.flatMap((one, at) => names.slice(at + 1).map((other) => [one, other]));
const sameDash = (one, other) => String(lineOf(one).dash) === String(lineOf(other).dash);

for (const theme of Object.keys(THEMES)) {
  for (const sight of Object.keys(SIGHTS)) {
    test(`labels are told apart with ${sight} in the ${theme} theme`, () => {
      for (const [one, other] of pairsOf(LABELS)) {
        const [a, b] = [one, other].map((label) => seen(sight, colour(lineOf(label).colour, theme)));
        const least = sameDash(one, other) ? LEAST_OF_LINES : LEAST_OF_STRIPS;
        assert.ok(difference(a, b) >= least, `${one} and ${other}: ${difference(a, b).toFixed(1)}`);
      }
    });

    test(`faces are told apart with ${sight} in the ${theme} theme`, () => {
      for (const [one, other] of pairsOf(FACES)) {
        const found = difference(seen(sight, colour(one, theme)), seen(sight, colour(other, theme)));
        assert.ok(found >= LEAST_OF_FACES, `${one} and ${other}: ${found.toFixed(1)}`);
      }
    });
  }

  test(`labels and faces stand out from the card in the ${theme} theme`, () => {
    for (const name of [...LABELS.map((label) => lineOf(label).colour), ...FACES]) {
      for (const paper of ["--card", "--track"]) {
        const found = contrast(colour(name, theme), colour(paper, theme));
        assert.ok(found >= LEAST_CONTRAST, `${name} on ${paper}: ${found.toFixed(2)}`);
      }
    }
  });
}

test("a box on the picture has its panel's colour of the dark theme", () => {
  for (const [at, name] of FACES.entries()) assert.match(CSS, new RegExp(`${name}: light-dark\\(#[0-9a-f]{6}, ${ON_PICTURE[at]}\\)`));
});
