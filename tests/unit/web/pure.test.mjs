// The pure modules that all views share: `node --test tests/unit/web/`.
import assert from "node:assert/strict";
import { test } from "node:test";

import { cellColours, greatestLoss } from "../../../web/explanation.js";
import { atMostWide, chipPlace, fit, isIn, onPlace, overlap, pointOnPlace } from "../../../web/geometry.js";
import { percentages, topLabel } from "../../../web/percentages.js";
import { routeOf } from "../../../web/router.js";

test("percentages are whole and sum to a hundred", () => {
  const sevenths = Object.fromEntries("abcdefg".split("").map((label) => [label, 1 / 7]));
  const sum = Object.values(percentages(sevenths)).reduce((a, b) => a + b);
  assert.equal(sum, 100);
  assert.deepEqual(percentages({ a: 0.996, b: 0.004 }), { a: 100, b: 0 });
  assert.equal(topLabel({ a: 0.2, b: 0.5, c: 0.3 }), "b");
});

test("a mirrored box lies on the other side", () => {
  const frame = { width: 640, height: 480 };
  const place = fit(frame, { width: 1280, height: 1000 });
  assert.deepEqual(place, { x: 0, y: 20, width: 1280, height: 960 });
  const box = { x: 40, y: 10, width: 100, height: 120 };
  assert.deepEqual(onPlace(box, frame, place, false), { x: 80, y: 40, width: 200, height: 240 });
  assert.deepEqual(onPlace(box, frame, place, true), { x: 1000, y: 40, width: 200, height: 240 });
});

test("a chip stays within the picture", () => {
  const place = { x: 0, y: 0, width: 100, height: 100 };
  const chip = { width: 40, height: 10 };
  assert.deepEqual(chipPlace({ x: 30, y: 50, width: 9, height: 9 }, chip, place), { x: 30, y: 40 });
  assert.deepEqual(chipPlace({ x: 90, y: -5, width: 9, height: 9 }, chip, place), { x: 60, y: 0 });
});

test("a picture is made no wider than asked and keeps its shape", () => {
  assert.deepEqual(atMostWide({ width: 1280, height: 720 }, 640), { width: 640, height: 360 });
  assert.deepEqual(atMostWide({ width: 480, height: 640 }, 640), { width: 480, height: 640 });
});

test("an address names a view and what to show there", () => {
  assert.deepEqual(routeOf("#/jobs/a1%2Fb"), { name: "jobs", params: ["a1/b"] });
  assert.deepEqual(routeOf("#/files"), { name: "files", params: [] });
  assert.deepEqual(routeOf("#/jobs/%"), { name: "jobs", params: ["%"] });
  assert.deepEqual(routeOf(""), { name: "", params: [] });
});

test("boxes overlap by what they share of both", () => {
  const box = { x: 0, y: 0, width: 10, height: 10 };
  assert.equal(overlap(box, box), 1);
  assert.equal(overlap(box, { x: 5, y: 0, width: 10, height: 10 }), 50 / 150);
  assert.equal(overlap(box, { x: 20, y: 0, width: 10, height: 10 }), 0);
});

test("a point is mirrored with its picture, and lies in a box or not", () => {
  const frame = { width: 100, height: 50 };
  const place = { x: 0, y: 10, width: 200, height: 100 };
  assert.deepEqual(pointOnPlace({ x: 10, y: 5 }, frame, place, false), { x: 20, y: 20 });
  assert.deepEqual(pointOnPlace({ x: 10, y: 5 }, frame, place, true), { x: 180, y: 20 });
  assert.ok(isIn({ x: 20, y: 20 }, { x: 10, y: 10, width: 10, height: 10 }));
  assert.ok(!isIn({ x: 21, y: 20 }, { x: 10, y: 10, width: 10, height: 10 }));
});

test("a map is warm where the label loses and cool where it gains, pale where little changes", () => {
  const [red, green, blue, strong] = cellColours([[0.5, -0.25], [0.01, 0]]);
  assert.ok(red > blue && green < red && strong > 150);
  const colours = cellColours([[0.5, -0.25], [0.01, 0]]);
  assert.ok(colours[6] > colours[4], "blue above red where it gains");
  assert.ok(colours[11] < 10 && colours[15] === 0);
  assert.equal(greatestLoss({ values: [[0.5, 0], [0, 0.1]] }), 0.5);
  assert.equal(greatestLoss({ values: [[0.01, -0.9]] }), undefined);
});
