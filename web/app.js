// @ts-check
/** The page: its words, its theme and its views. */

import { fillTexts, byId } from "./dom.js";
import { mountJob } from "./files/job.js";
import { mountFiles } from "./files/view.js";
import { mountLive } from "./live/view.js";
import { mountPrivacy } from "./privacy.js";
import { Router } from "./router.js";
import { mountTheme } from "./theme.js";

fillTexts(document);
mountTheme(byId("theme"));
byId("skip").addEventListener("click", () => byId("main").focus());
new Router({
  live: mountLive(),
  files: mountFiles(byId("view-files")),
  jobs: mountJob(byId("view-jobs")),
  privacy: mountPrivacy(byId("view-privacy")),
}).start();
document.body.dataset.ready = "";
