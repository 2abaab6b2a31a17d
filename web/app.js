// @ts-check
/** The page: its words, its theme and its views. */

import { fillTexts, byId } from "./dom.js";
import { Router, whenAsked } from "./router.js";
import { mountTheme } from "./theme.js";

fillTexts(document);
mountTheme(byId("theme"));
byId("skip").addEventListener("click", () => byId("main").focus());
await new Router({
  live: whenAsked(byId("view-live"), async () => (await import("./live/view.js")).mountLive()),
  files: whenAsked(byId("view-files"), async () => (await import("./files/view.js")).mountFiles(byId("view-files"))),
  jobs: whenAsked(byId("view-jobs"), async () => (await import("./files/job.js")).mountJob(byId("view-jobs"))),
  privacy: whenAsked(byId("view-privacy"), async () => (await import("./privacy.js")).mountPrivacy(byId("view-privacy"))),
}).start();
document.body.dataset.ready = "";
