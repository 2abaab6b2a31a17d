// Pictures that can't be had, and what becomes of those after them: `node --test tests/unit/web/`. The browser is made up.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { Camera } from "../../../web/live/camera.js";
import { Sender } from "../../../web/live/sender.js";
import { Shutter } from "../../../web/live/shutter.js";

const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

/** @type {{ posted: object[], terminated: boolean, onmessage: Function, onerror: Function }[]} */
let encoders = [];

class FakeWorker {
  posted = [];
  terminated = false;

  constructor() {
    encoders.push(this);
  }

  postMessage(picture) {
    this.posted.push(picture);
  }

  terminate() {
    this.terminated = true;
  }
}

const canvas = () => ({ getContext: () => ({ drawImage: () => {} }) });
const FAKES = {
  Worker: FakeWorker,
  document: { hidden: false, createElement: canvas },
  createImageBitmap: async () => ({ close: () => {} }),
};

beforeEach(() => {
  encoders = [];
  Object.assign(globalThis, FAKES);
});

afterEach(() => {
  for (const name of Object.keys(FAKES)) delete globalThis[name];
});

const video = () => ({ readyState: 2, videoWidth: 640, videoHeight: 480, currentTime: 0 });

test("an encoder that could not be loaded is replaced, and its pictures are told lost", async () => {
  const shutter = new Shutter(video());
  const lost = shutter.take(1);
  await soon();
  encoders[0].onerror();
  await assert.rejects(lost);
  const taken = shutter.take(2);
  await soon();
  assert.equal(encoders.length, 2);
  assert.ok(encoders[0].terminated);
  assert.equal(encoders[1].posted[0].frameId, 2);
  encoders[1].onmessage({ data: { frameId: 2, jpeg: new ArrayBuffer(3) } });
  assert.equal((await taken).length, 3);
});

test("a picture whose encoder fails while it is drawn is told lost, and a closed shutter makes no encoder", async () => {
  const shutter = new Shutter(video());
  const lost = shutter.take(1);
  encoders[0].onerror();
  await assert.rejects(lost);
  const late = shutter.take(2);
  shutter.close();
  await assert.rejects(late);
  assert.equal(encoders.length, 2);
  assert.ok(encoders.every(({ terminated }) => terminated));
});

test("a picture that can't be encoded costs itself alone", async () => {
  const shutter = new Shutter(video());
  const [lost, taken] = [shutter.take(1), shutter.take(2)];
  await soon();
  encoders[0].onmessage({ data: { frameId: 1, jpeg: null } });
  encoders[0].onmessage({ data: { frameId: 2, jpeg: new ArrayBuffer(3) } });
  await assert.rejects(lost);
  assert.equal((await taken).length, 3);
});

test("frames after one that can't be had are sent, and its slot is given back", async () => {
  const [sent, abandoned, forgotten] = [[], [], []];
  const shutter = {
    hasNewPicture: true,
    take: async (id) => (id === 1 ? Promise.reject(new Error("no picture")) : new Uint8Array([id])),
    forget: (id) => forgotten.push(id),
  };
  const stream = {
    checkHealth: () => {},
    canSend: () => true,
    reserve: () => {},
    send: (id) => sent.push(id),
    abandon: (id) => abandoned.push(id),
  };
  const sender = new Sender(shutter, stream, () => {});
  sender.pace.capFps = 200;
  sender.start();
  while (sent.length < 3) await soon();
  sender.stop();
  assert.deepEqual(sent.slice(0, 3), [2, 3, 4]);
  assert.deepEqual([abandoned, forgotten], [[1], [1]]);
});

test("the encoder goes on after a picture that it can't encode", async () => {
  const answers = [];
  let fails = true;
  globalThis.self = { postMessage: (answer) => answers.push(answer) };
  globalThis.OffscreenCanvas = class {
    getContext = canvas().getContext;

    async convertToBlob() {
      if (!fails) return new Blob(["jpeg"]);
      fails = false;
      throw new Error("no room");
    }
  };
  await import("../../../web/live/encoding.js");
  const bitmap = { width: 4, height: 3, close: () => {} };
  for (const frameId of [1, 2]) self.onmessage({ data: { frameId, bitmap, quality: 0.8 } });
  while (answers.length < 2) await soon();
  assert.deepEqual(answers.map(({ frameId, jpeg }) => [frameId, jpeg?.byteLength]), [[1, undefined], [2, 4]]);
  delete globalThis.self;
  delete globalThis.OffscreenCanvas;
});

test("a camera that was passed over does not end the run when it can't be opened", async () => {
  const asked = [];
  const getUserMedia = () => new Promise((resolve, reject) => asked.push({ resolve, reject }));
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { mediaDevices: { getUserMedia } } });
  const track = { addEventListener: () => {}, stop: () => {} };
  const picture = { play: async () => {} };
  const camera = new Camera(picture, () => {});
  const [first, second] = [camera.open("infrared"), camera.open("front")];
  asked[0].reject(new DOMException("in use", "NotReadableError"));
  const stream = { getVideoTracks: () => [track], getTracks: () => [track] };
  asked[1].resolve(stream);
  await Promise.all([first, second]);
  assert.equal(picture.srcObject, stream);
  const third = camera.open("gone");
  asked[2].reject(new DOMException("in use", "NotReadableError"));
  await assert.rejects(third, { problem: "busy" });
});
