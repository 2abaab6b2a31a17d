// The page's pure modules: `node --test tests/unit/web/`.
import assert from "node:assert/strict";
import { test } from "node:test";

import { backoffMs, drainedMs } from "../../../web/live/backoff.js";
import { packFrame, parseMessage } from "../../../web/live/wire.js";
import { atMostWide, chipPlace, fit, onPlace } from "../../../web/geometry.js";
import { InFlight } from "../../../web/live/inflight.js";
import { Rate, Tally, Window, percentile } from "../../../web/live/meters.js";
import { percentages, topLabel } from "../../../web/percentages.js";
import { routeOf } from "../../../web/router.js";

test("a frame is its id and capture time, big-endian, and then the JPEG", () => {
  const message = packFrame(0x01020304, 0x0005_0607_0809_0a, new Uint8Array([0xff, 0xd8]));
  assert.deepEqual([...message], [1, 2, 3, 4, 0, 0, 5, 6, 7, 8, 9, 10, 0xff, 0xd8]);
});

test("a message is read when it is a JSON object with a type", () => {
  assert.deepEqual(parseMessage('{"type":"dropped","frame_id":1}'), { type: "dropped", frame_id: 1 });
  for (const bad of ["", "{", "null", "[]", '"text"', '{"frame_id":1}', '{"type":1}', new ArrayBuffer(4)]) {
    assert.equal(parseMessage(bad), null);
  }
});

test("a slot is taken once and freed by its answer", () => {
  const inFlight = new InFlight(2);
  inFlight.take(1, 100);
  assert.ok(inFlight.hasRoom);
  inFlight.take(2, 140);
  assert.ok(!inFlight.hasRoom);
  assert.equal(inFlight.oldestMs(150), 50);
  inFlight.sent(1, 110);
  assert.deepEqual(inFlight.settle(1, 150), { takingMs: 10, totalMs: 50 });
  assert.equal(inFlight.settle(1, 160), undefined);
  assert.ok(inFlight.hasRoom);
  assert.equal(inFlight.clear(), 1);
  assert.equal(inFlight.oldestMs(200), 0);
});

test("waiting doubles up to fifteen seconds and half of it is chance", () => {
  assert.deepEqual([0, 1, 2].map((attempt) => backoffMs(attempt, 1)), [500, 1000, 2000]);
  assert.equal(backoffMs(0, 0), 250);
  assert.equal(backoffMs(1000, 1), 15_000);
  assert.equal(drainedMs(1000, 0), 1000);
  assert.equal(drainedMs(1000, 1), 1250);
});

test("a window forgets what is too old", () => {
  const window = new Window(1000);
  window.add(0, 1);
  window.add(600, 2);
  assert.deepEqual(window.values(900), [1, 2]);
  assert.deepEqual(window.values(1000), [2]);
  assert.deepEqual(window.values(5000), []);
});

test("a rate is honest from its first second on", () => {
  const rate = new Rate(2000);
  assert.equal(rate.perSecond(0), 0);
  for (let at = 0; at < 1000; at += 100) rate.add(at);
  assert.equal(rate.perSecond(1000), 10);
  assert.equal(rate.perSecond(10_000), 0);
});

test("percentiles are of the nearest rank", () => {
  const values = [50, 10, 40, 20, 30];
  assert.equal(percentile(values, 0.5), 30);
  assert.equal(percentile(values, 0.95), 50);
  assert.equal(percentile([7], 0.5), 7);
  assert.equal(percentile([], 0.5), undefined);
});

test("a tally counts by reason", () => {
  const tally = new Tally();
  tally.add("rate");
  tally.add("lost", 2);
  tally.add("error", 0);
  assert.deepEqual(tally.counts, { rate: 1, lost: 2 });
  assert.equal(tally.total, 3);
});

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
