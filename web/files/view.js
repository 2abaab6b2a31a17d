// @ts-check
/** Pictures and videos: choose or drop them; pictures are read at once, videos become jobs, which are listed. */

import { element } from "../dom.js";
import { FILES } from "./texts.js";
import { models } from "./api.js";
import { DropZone } from "./drop_zone.js";
import { JobList } from "./job_list.js";
import { kindOf } from "./media_kind.js";
import { notice } from "../notice.js";
import { Pictures } from "./pictures.js";
import { Uploads } from "./uploads.js";
import { VideoForm } from "./video_form.js";

/** @param {HTMLElement} section @returns {import("../router.js").View} */
export function mountFiles(section) {
  const trouble = element("div");
  const pictures = new Pictures(toChoose);
  const list = new JobList();
  let shown = false;
  const uploads = new Uploads((jobId) => {
    if (shown) location.hash = `#/jobs/${jobId}`;
  }, toChoose);
  const zone = new DropZone(take);
  const form = new VideoForm((files, options) => uploads.send(files, options), toChoose);

  /** Where the focus goes when what had it is gone. */
  function toChoose() {
    zone.choose.focus();
  }

  /** @param {File[]} files */
  function take(files) {
    const of = (/** @type {string} */ kind) => files.filter((file) => kindOf(file) === kind);
    const unusable = of("other").map(({ name }) => notice({ title: `${FILES.unusable}: ${name}`, advice: FILES.formats }));
    trouble.replaceChildren(...unusable);
    pictures.add(of("picture"));
    if (of("video").length > 0) form.ask(of("video"));
  }

  const intro = element("div", { className: "intro" }, element("h1", { textContent: FILES.title }), element("p", { className: "lead", textContent: FILES.lead }), zone.kept);
  section.append(element("div", { className: "files-head" }, intro, zone.root), trouble, form.root, uploads.root, pictures.root, list.root);

  return {
    show() {
      shown = true;
      zone.listen();
      list.show();
      models().then(({ votes }) => form.setProfiles(Object.keys(votes)), () => {});
    },
    hide() {
      shown = false;
      zone.ignore();
      list.hide();
    },
  };
}
