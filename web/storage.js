// @ts-check
/** What the browser keeps for us. Where site data is blocked, naming a storage throws: then it is this page's memory. */

/** @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem">} Kept */

class Memory {
  /** @type {Map<string, string>} */
  #values = new Map();

  /** @param {string} key */
  getItem(key) {
    return this.#values.get(key) ?? null;
  }

  /** @param {string} key @param {string} value */
  setItem(key, value) {
    this.#values.set(key, value);
  }

  /** @param {string} key */
  removeItem(key) {
    this.#values.delete(key);
  }
}

/** @param {"localStorage" | "sessionStorage"} name @returns {Kept} */
function storageOf(name) {
  try {
    return globalThis[name] ?? new Memory();
  } catch {
    return new Memory();
  }
}

/** On this machine. */
export const onMachine = storageOf("localStorage");
/** As long as this tab is open. */
export const inTab = storageOf("sessionStorage");
