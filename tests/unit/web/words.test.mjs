// What the page says where it depends on values, and where it keeps what it is told: `node --test tests/unit/web/`.
import assert from "node:assert/strict";
import { test } from "node:test";

import { shown } from "../../../web/bars.js";
import * as texts from "../../../web/live/texts.js";

test("a label that is smoothed and no longer the models' own is not said to have their agreement", () => {
  const face = { face_id: 1, smoothed: { happy: 0.6, sad: 0.4 }, top: "sad", uncertain: false, agreement: 1 };
  const { agreement, topNow, top } = shown(face);
  assert.equal(top, "happy");
  assert.equal(texts.agreement(agreement, topNow, top), "100 % of voting models say sad now");
  assert.equal(texts.agreement(agreement, "happy", top), "100 % of voting models agree");
});

test("how many faces are read at once is what was set", () => {
  assert.match(texts.noFaceBody(3), /Up to 3 faces are read at once/);
  assert.match(texts.noFaceBody(1), /One face is read at once/);
});

test("a recording that is full says why it stopped", () => {
  assert.equal(texts.recorded(1, false), "1 row of numbers recorded, no pictures.");
  assert.match(texts.recorded(500_000, true), /stopped by itself/);
});

test("where site data is blocked, what is kept is kept by the page", async () => {
  const blocked = { configurable: true, get: () => { throw new DOMException("", "SecurityError"); } };
  const before = ["localStorage", "sessionStorage"].map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
  for (const [name] of before) Object.defineProperty(globalThis, name, blocked);
  const { inTab, onMachine } = await import("../../../web/storage.js");
  for (const [name, own] of before) own ? Object.defineProperty(globalThis, name, own) : delete globalThis[name];
  assert.equal(onMachine.getItem("key"), null);
  onMachine.setItem("key", "value");
  assert.deepEqual([onMachine.getItem("key"), inTab.getItem("key")], ["value", null]);
});
