// @ts-check
/** Which view is shown: `#/live`, `#/files` or `#/jobs/ID`. One at a time; the others are hidden and told so. */

import { byId, element } from "./dom.js";
import { notice } from "./notice.js";
import * as texts from "./texts.js";

/**
 * @typedef {object} View
 * @property {(params: string[]) => void | Promise<void>} show with what follows its name in the address
 * @property {() => void} hide
 */

const FIRST = "live";

/**
 * `#/jobs/a1` is the view `jobs` with ["a1"]; pure.
 * @param {string} hash
 * @returns {{ name: string, params: string[] }}
 */
export function routeOf(hash) {
  const [name = "", ...params] = hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decoded);
  return { name, params };
}

/** @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/**
 * A view whose code is loaded when somebody goes there, so that nobody waits for what they do not look at.
 * @param {HTMLElement} section where it says so when that fails
 * @param {() => Promise<View>} load
 * @returns {View}
 */
export function whenAsked(section, load) {
  /** @type {Promise<View> | undefined} */
  let loading;
  /** @type {string[] | undefined} what it is shown with; undefined while it is hidden */
  let wanted;
  return {
    async show(params) {
      wanted = params;
      const view = await (loading ??= load().catch(() => notLoaded(section)));
      if (wanted === params) view.show(params);
    },
    async hide() {
      wanted = undefined;
      (await loading)?.hide();
    },
  };
}

/** The connection was lost on the way; a browser fetches a module again only with its page. @param {HTMLElement} section @returns {View} */
function notLoaded(section) {
  const again = element("button", { type: "button", className: "secondary", textContent: texts.TEXTS.loadAgain });
  again.addEventListener("click", () => location.reload());
  section.replaceChildren(notice(texts.NOT_LOADED, again));
  return { show: () => {}, hide: () => {} };
}

export class Router {
  /** @type {string | undefined} */
  #shown;
  /** What of the address it is shown with. @type {string[]} */
  #params = [];

  /** @param {Record<string, View>} views by name; the section of `live` is `#view-live` */
  constructor(views) {
    this.views = views;
  }

  /** Ends when the first view is there. */
  async start() {
    window.addEventListener("hashchange", () => this.#go(true));
    await this.#go(false);
  }

  /** @param {boolean} byPerson then the focus goes along, as it does when a page loads */
  async #go(byPerson) {
    const { name: asked, params } = routeOf(location.hash);
    const name = Object.hasOwn(this.views, asked) ? asked : FIRST;
    // The same by another address, as `/` and `#/live` are: to hide it would end what runs there.
    if (name === this.#shown && params.join("/") === this.#params.join("/")) return;
    this.#params = params;
    if (this.#shown) {
      byId(`view-${this.#shown}`).hidden = true;
      this.views[this.#shown].hide();
    }
    const section = byId(`view-${name}`);
    this.#shown = name;
    section.hidden = false;
    document.body.dataset.view = name;
    document.title = texts.pageTitle(name);
    this.#markNavigation(name);
    if (byPerson) section.focus();
    await this.views[name].show(params);
  }

  /** @param {string} name */
  #markNavigation(name) {
    for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll("nav a"))) {
      const current = (link.dataset.views ?? "").split(" ").includes(name);
      if (current) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }
}
