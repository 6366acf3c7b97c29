/** What failed, said once and in one place, and tried again on a press. */

import { ServerError } from "./api.js";

export class Attempts {
  #root;
  #server;
  #newest = new Map();
  #failed = new Map();

  /**
   * @param {HTMLElement} root with a sentence, a button and a form for tokens.
   * @param {import("./api.js").Server} server
   */
  constructor(root, server) {
    this.#root = root;
    this.#server = server;
    root.querySelector(".again").addEventListener("click", () => this.#again());
    root.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      const input = root.querySelector("input");
      server.token = input.value.trim();
      input.value = "";
      this.#again();
    });
  }

  /**
   * Does something that a server may refuse.
   *
   * @param {string} key of what is done; a newer attempt replaces an older.
   * @param {() => Promise<void>} action
   * @param {(error: ServerError) => void} again what a person's press on "Try
   *   again" does; the same unless given.
   */
  async run(key, action, again = () => this.run(key, action)) {
    const attempt = {};
    this.#newest.set(key, attempt);
    let error = null;
    try {
      await action();
    } catch (thrown) {
      error = this.#named(thrown);
    }
    // What came of an older attempt matters no more.
    if (this.#newest.get(key) !== attempt) return;
    this.#failed.delete(key);
    if (error) this.#failed.set(key, { error, again });
    this.#show();
  }

  #named(error) {
    if (error instanceof ServerError) return error;
    console.debug(error);
    const text = `${this.#server.name} answered what this page cannot read.`;
    return new ServerError("broken", text);
  }

  #again() {
    const failed = [...this.#failed.values()];
    this.#failed.clear();
    this.#show();
    for (const { error, again } of failed) again(error);
  }

  #show() {
    const [first] = this.#failed.values();
    const part = (name) => this.#root.querySelector(name);
    this.#root.hidden = !first;
    if (!first) return;
    const { kind, message } = first.error;
    const wantsToken = kind === "token";
    // Said again only if it is another: it is a live region.
    if (part(".sentence").textContent !== message) {
      part(".sentence").textContent = message;
    }
    part("form").hidden = !wantsToken;
    part(".again").hidden = wantsToken;
  }
}
