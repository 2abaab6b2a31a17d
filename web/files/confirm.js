// @ts-check
/** Asks before a video's job is deleted. */

import { confirmed } from "../confirm.js";
import { element } from "../dom.js";
import { sayByKey } from "../key.js";
import { FILES, deleteBody } from "./texts.js";

/** @param {string} name */
export function confirmDelete(name) {
  const body = sayByKey(element("p", { className: "file-name" }), deleteBody(name));
  return confirmed({ title: FILES.deleteTitle, yes: FILES.deleteYes, no: FILES.deleteNo }, body);
}
