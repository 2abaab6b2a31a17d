// What pictures, videos and jobs are to the page, without a browser: `node --test tests/unit/web/`.
import assert from "node:assert/strict";
import { test } from "node:test";

import { cell, picturesAsCsv } from "../../../web/files/csv.js";
import { kindOf } from "../../../web/files/media_kind.js";
import { facesAt, frameAt, planOf, rowsAt } from "../../../web/files/moments.js";
import { Playhead } from "../../../web/files/playhead.js";
import { Rows } from "../../../web/files/rows.js";
import { clock, duration, fileSize, seconds } from "../../../web/files/times.js";
import { refusal } from "../../../web/refused.js";

const LABELS = ["happy", "sad"];
const PLAN = { start_s: 2, fps: 5 };

const row = (frame, faceId, x = 0, votes = undefined) => ({
  time_s: PLAN.start_s + frame / PLAN.fps,
  frame,
  face_id: faceId,
  box: { x, y: 10, width: 20, height: 30 },
  smoothed: { happy: 0.75, sad: 0.25 },
  top: "happy",
  agreement: 0.5,
  uncertain: frame % 2 === 1,
  votes,
});

function rowsOf(...list) {
  const rows = new Rows(LABELS);
  rows.add(list);
  return rows;
}

test("a place in a video is written as minutes and tenths of seconds", () => {
  assert.deepEqual([0, 59.96, 62.34, 3723.5].map(clock), ["0:00.0", "1:00.0", "1:02.3", "1:02:03.5"]);
});

test("a length of time is written in its two largest units", () => {
  assert.deepEqual([4.26, 59.4, 61, 3660, 400_000].map(duration), ["4.3 s", "59 s", "1 min 1 s", "1 h 1 min", "5 days"]);
});

test("a file's size is written in the unit that fits", () => {
  assert.deepEqual([0, 999, 1500, 2_500_000, 3e9].map(fileSize), ["0 bytes", "999 bytes", "1.5 kB", "2.5 MB", "3.0 GB"]);
});

test("a moment may be typed in seconds or with colons", () => {
  assert.deepEqual(["75", " 1:15 ", "1:02:03.5", "0,5"].map(seconds), [75, 75, 3723.5, 0.5]);
  for (const nonsense of ["", "a", "1:", "-3", "1:2:3:4", "1e3"]) assert.ok(Number.isNaN(seconds(nonsense)), nonsense);
});

test("a file is a picture or a video by its type, or by its name where the browser knows none", () => {
  const kinds = [
    [{ name: "a", type: "image/heic" }, "picture"],
    [{ name: "a.JPG", type: "" }, "picture"],
    [{ name: "a.svg", type: "image/svg+xml" }, "other"],
    [{ name: "a.mkv", type: "" }, "video"],
    [{ name: "a", type: "video/mp4" }, "video"],
    [{ name: "faces.zip", type: "application/zip" }, "video"],
    [{ name: "a.pdf", type: "application/pdf" }, "other"],
  ];
  for (const [file, kind] of kinds) assert.equal(kindOf(file), kind, file.name + file.type);
});

test("no cell of a table is a formula or breaks its line", () => {
  assert.equal(cell("=1+1"), "'=1+1");
  assert.equal(cell('a,"b"\n'), '"a,""b""\n"');
  assert.equal(cell(-0.5), "-0.5");
});

test("a picture's table has a row a face", () => {
  const face = { face_id: 1, box: { x: 1, y: 2, width: 3, height: 4 }, score: 0.9, top: "happy", agreement: 1, uncertain: false };
  const table = picturesAsCsv([{ name: "@me.jpg", faces: [{ ...face, probabilities: { happy: 0.8, sad: 0.2 } }] }], LABELS);
  const [head, line, end] = table.split("\n");
  assert.equal(head, "file,face_id,x,y,width,height,score,top,agreement,uncertain,happy,sad");
  assert.equal(line, "'@me.jpg,1,1,2,3,4,0.9,happy,1,false,0.8,0.2");
  assert.equal(end, "");
});

test("rows are found again by moment and face, however many there are", () => {
  const many = Array.from({ length: 5000 }, (_, frame) => [row(frame, 1, frame), row(frame, 2)]).flat();
  const rows = rowsOf(...many);
  assert.equal(rows.count, 10_000);
  assert.deepEqual(rows.at(4321), [8642, 8643]);
  assert.deepEqual(rows.at(5000), []);
  assert.equal(rows.rowsOf(2).length, 5000);
  const face = rows.read(8642);
  assert.deepEqual([face.face_id, face.box.x, face.top, face.uncertain, face.smoothed.happy], [1, 4321, "happy", true, 0.75]);
});

test("each member's vote is kept; of one that did not answer there is none", () => {
  const rows = new Rows(LABELS, ["residual", "vgg"]);
  rows.add([row(0, 1, 0, { residual: { happy: 1, sad: 0 } })]);
  assert.deepEqual(rows.read(0).votes, { residual: { happy: 1, sad: 0 } });
});

test("a video has no more moments than frames, where that can be told", () => {
  const fpsOf = (/** @type {any} */ video) => planOf({ options: /** @type {any} */ ({ fps: 5, start_s: 2 }), video }).fps;
  assert.deepEqual([{ fps: 2, constant_fps: true }, { fps: 2 }, { fps: 25, constant_fps: true }, null].map(fpsOf), [2, 5, 5, 5]);
});

test("a time belongs to the moment that was looked at for it", () => {
  assert.deepEqual([2, 2.199, 2.1995, 2.2, 3].map((time) => frameAt(PLAN, time)), [0, 0, 1, 1, 5]);
});

test("a moment without a frame of its own shows the one before, one after that shows nothing", () => {
  const rows = rowsOf(row(0, 1), row(4, 1));
  assert.deepEqual([0, 1, 2, 4].map((frame) => rowsAt(rows, PLAN, 2.05 + frame / 5).length), [1, 1, 0, 1]);
});

test("boxes glide from moment to moment, numbers do not", () => {
  const rows = rowsOf(row(0, 1, 100), row(1, 1, 200), row(1, 2, 0));
  const [face] = facesAt(rows, PLAN, 2.1);
  assert.ok(Math.abs(face.box.x - 150) < 1e-3);
  assert.equal(face.uncertain, false);
  assert.deepEqual(facesAt(rows, PLAN, 2.3).map(({ box }) => box.x), [200, 0]);
});

test("a line breaks where its face was not seen", () => {
  const rows = rowsOf(row(0, 1), row(1, 1), row(9, 1), row(9, 2));
  const [times, happy] = rows.lines(1, 2);
  assert.deepEqual(times.map((time) => Math.round(time * 10) / 10), [2, 2.2, 3, 3.8]);
  assert.deepEqual(happy, [0.75, 0.75, null, 0.75]);
});

test("the playhead stays within the stretch that was looked at and says who moved it", () => {
  const playhead = new Playhead(2, 5);
  const told = [];
  playhead.listen((time, jumped) => told.push([time, jumped]));
  playhead.jump(9);
  playhead.follow(1);
  assert.deepEqual(told, [[5, true], [2, false]]);
});

test("a refusal has the problem's code, or the status where there is no problem to read", () => {
  const problem = refusal(422, '{"type":"urn:thespis:problem:bad_video","detail":"no"}');
  assert.deepEqual([problem.code, problem.message, problem.status], ["bad_video", "no", 422]);
  assert.equal(refusal(502, "<html>").code, "http_502");
});

test("what the server refuses may pass by itself unless it is the asker's own doing", () => {
  const passing = (status) => refusal(status, "").passing;
  assert.deepEqual([429, 500, 503].map(passing), [true, true, true]);
  assert.deepEqual([400, 401, 403, 404].map(passing), [false, false, false, false]);
});
