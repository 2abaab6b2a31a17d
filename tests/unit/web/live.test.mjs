// The live view's pure modules: `node --test tests/unit/web/`.
import assert from "node:assert/strict";
import { test } from "node:test";

import { backoffMs, drainedMs } from "../../../web/live/backoff.js";
import { Choice } from "../../../web/live/choice.js";
import { History, ticksBack, zoomed } from "../../../web/live/history.js";
import { InFlight } from "../../../web/live/inflight.js";
import { Rate, Tally, Window, percentile } from "../../../web/live/meters.js";
import { Pace } from "../../../web/live/pace.js";
import { csv, json, rowsOf } from "../../../web/live/recording.js";
import { packFrame, parseMessage } from "../../../web/live/wire.js";
import { DEFAULTS, loadWishes, preferencesOf, saveWishes } from "../../../web/live/wishes.js";
import { Patience } from "../../../web/patience.js";

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

test("a machine that takes long sends less, and one frame after the other", () => {
  const pace = new Pace(25);
  assert.deepEqual([pace.fps, pace.inFlight], [25, 2]);
  for (let count = 0; count < 50; count += 1) pace.took(10);
  assert.deepEqual([pace.fps, pace.inFlight], [25, 2]);
  for (let count = 0; count < 50; count += 1) pace.took(150);
  assert.ok(pace.fps > 4.9 && pace.fps < 5.1);
  assert.equal(pace.inFlight, 1);
  for (let count = 0; count < 50; count += 1) pace.took(10);
  assert.equal(pace.inFlight, 2);
});

test("the history keeps a minute of every face and leaves gaps where one was away", () => {
  const history = new History(60);
  history.add(0, [{ id: 1, shares: { a: 0.1, b: 0.9 } }]);
  history.add(0.5, [{ id: 1, shares: { a: 0.2, b: 0.8 } }, { id: 2, shares: { a: 1, b: 0 } }]);
  history.add(2.4, []);
  history.add(2.5, [{ id: 1, shares: { a: 0.3, b: 0.7 } }]);
  assert.deepEqual(history.columns(1, ["b", "a"]), [[0, 0.5, 2.15, 2.5], [0.9, 0.8, null, 0.7], [0.1, 0.2, null, 0.3]]);
  assert.deepEqual(history.columns(undefined, ["a"]), [[], []]);
  assert.deepEqual(history.ids, [1, 2]);
  history.add(61, [{ id: 1, shares: { a: 0.4, b: 0.6 } }]);
  assert.deepEqual(history.ids, [1]);
  assert.deepEqual(history.columns(1, ["a"])[0], [2.5, 60.65, 61]);
});

test("answers that come once a second leave no gaps, but a long silence does", () => {
  const history = new History(60);
  for (const at of [0, 1, 2, 3, 13]) history.add(at, [{ id: 1, shares: { a: 0.5 } }]);
  assert.deepEqual(history.columns(1, ["a"])[1], [0.5, 0.5, 0.5, 0.5, null, 0.5]);
});

test("a copy of the history keeps what the history forgets", () => {
  const history = new History(60);
  history.add(0, [{ id: 1, shares: { a: 0.1 } }]);
  const copy = history.copy();
  history.add(90, [{ id: 2, shares: { a: 0.2 } }]);
  assert.deepEqual([history.ids, copy.ids], [[2], [1]]);
  assert.deepEqual(copy.columns(1, ["a"]), [[0], [0.1]]);
});

test("a zoom keeps its middle where it can and never leaves its bounds", () => {
  const bounds = { from: 0, to: 60 };
  assert.deepEqual(zoomed({ from: 20, to: 40 }, 0.5, bounds), { from: 25, to: 35 });
  assert.deepEqual(zoomed({ from: 50, to: 60 }, 2, bounds), { from: 40, to: 60 });
  assert.deepEqual(zoomed({ from: 0, to: 60 }, 2, bounds), bounds);
  assert.deepEqual(zoomed({ from: 10, to: 11 }, 0.5, bounds), { from: 10, to: 11 });
});

test("ticks count whole seconds back from now", () => {
  assert.deepEqual(ticksBack(100, 40, 100), [40, 50, 60, 70, 80, 90, 100]);
  assert.deepEqual(ticksBack(100, 95, 97.5), [95, 96, 97]);
});

test("the face a person chose stays chosen while it is known", () => {
  const choice = new Choice();
  choice.update([3, 1], [1, 3]);
  assert.equal(choice.current, 3);
  choice.update([1, 3], [1, 3]);
  assert.equal(choice.current, 3);
  choice.choose(1);
  choice.update([3], [1, 3]);
  assert.equal(choice.current, 1);
  choice.update([3], [3]);
  assert.equal(choice.current, 3);
  choice.update([], []);
  assert.equal(choice.current, undefined);
});

test("recorded numbers are a row a face, as CSV and as JSON", () => {
  const face = {
    face_id: 7,
    box: { x: 1, y: 2, width: 3, height: 4 },
    score: 0.9,
    top: "happy",
    uncertain: false,
    agreement: 1,
    probabilities: { happy: 0.8, "so, \"so\"": 0.2 },
    smoothed: { happy: 0.7, "so, \"so\"": 0.3 },
  };
  const rows = rowsOf({ frame_id: 5, faces: [face, face], members: { used: ["a", "b"], missing: [] } }, new Date(0), 12.34);
  assert.equal(rows.length, 2);
  assert.equal(rows[0].time, "1970-01-01T00:00:00.000Z");
  const lines = csv(rows).join("").split("\r\n");
  assert.equal(lines.length, 4);
  assert.ok(lines[0].startsWith("time,frame_id,latency_ms,members,face_id,x,y,width,height,score,top"));
  assert.ok(lines[0].includes('"so, ""so"""'));
  assert.ok(lines[1].startsWith("1970-01-01T00:00:00.000Z,5,12.3,a b,7,1,2,3,4,0.9,happy,false,1,0.8,0.2,0.7,0.3"));
  assert.deepEqual(JSON.parse(json(rows).join("")).rows, rows);
  assert.equal(csv([]).join(""), "\r\n");
  assert.deepEqual(JSON.parse(json([]).join("")), { rows: [] });
});

test("wishes are remembered, and what another version stored does no harm", () => {
  const stored = new Map();
  const storage = { getItem: (key) => stored.get(key) ?? null, setItem: (key, value) => stored.set(key, value) };
  assert.deepEqual(loadWishes(storage), DEFAULTS);
  saveWishes(storage, { ...DEFAULTS, smoothing: 0.2 });
  assert.equal(loadWishes(storage).smoothing, 0.2);
  for (const text of ["{", "null", '{"smoothing":"much","other":1}']) {
    stored.set("thespis.live", text);
    assert.deepEqual(loadWishes(storage), DEFAULTS);
  }
});

test("only what the server takes is asked of it", () => {
  const wishes = { ...DEFAULTS, maxFaces: 16, voteProfile: "gone" };
  const preferences = preferencesOf(wishes, { max_faces: 4 }, ["default"]);
  assert.deepEqual(preferences, { smoothing: 0.6, max_faces: 4, min_face_size: 24, votes: true, votes_fps: 4 });
  assert.equal(preferencesOf(DEFAULTS, { max_faces: 4 }, ["default"]).vote_profile, "default");
});

test("what comes seldom is waited for longer, and what came once as long as anything", () => {
  const patience = new Patience(1_000);
  assert.equal(patience.isOver(0), true, "it never came");
  patience.came(5_000);
  assert.equal(patience.ms, 2_500);
  patience.came(5_100);
  assert.deepEqual([patience.isOver(6_100), patience.isOver(6_101)], [false, true]);
  patience.came(6_100);
  assert.deepEqual([patience.isOver(7_700), patience.isOver(7_701)], [false, true]);
});
