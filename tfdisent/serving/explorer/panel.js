/** One model on the page: which it is, the image of its code, its sliders. */

import { ServerError } from "./api.js";
import { Chooser } from "./chooser.js";
import { address, download, enlarged, pngFile } from "./images.js";
import { latest } from "./latest.js";
import { Model } from "./model.js";
import { Picture } from "./picture.js";
import { Sliders } from "./sliders.js";

const LARGE = 512; // pixels of a large download, at most

/**
 * @typedef {object} Source
 * @property {string} title
 * @property {string} detail more of it, or "".
 * @property {string|null} png its image in base64.
 */

/**
 * Dispatches "model" when another version is there and has no code yet,
 * "begin" when its code has a new start, "move" whenever the code changes, and
 * "choose" when a person turns to another latent.
 *
 * @property {Model|null} model
 * @property {number[]|null} code what the image shows.
 * @property {number[]} start the code that sliders are marked with.
 * @property {Source} source what the start is.
 * @property {number} latent index of the chosen one.
 */
export class Panel extends EventTarget {
  #root;
  #server;
  #attempts;
  #chooser;
  #picture;
  #sliders;
  #wanted = {};

  /**
   * @param {HTMLElement} root a copy of the page's template.
   * @param {import("./api.js").Server} server
   * @param {import("./attempts.js").Attempts} attempts
   */
  constructor(root, server, attempts) {
    super();
    this.#root = root;
    this.#server = server;
    this.#attempts = attempts;
    this.model = this.code = null;
    const part = (name) => root.querySelector(name);
    this.#chooser = new Chooser(part(".chooser"));
    this.#picture = new Picture(part("canvas"));
    this.#sliders = new Sliders(part(".sliders"));
    this.draw = latest(() => this.#draw());
    this.#chooser.addEventListener("choose", (event) =>
      this.open(event.detail),
    );
    this.#sliders.addEventListener("move", ({ detail }) =>
      this.move(this.code.with(detail.index, detail.value)),
    );
    this.#sliders.addEventListener("choose", ({ detail }) =>
      this.choose(detail.index),
    );
    part(".reset").addEventListener("click", () => this.move(this.start));
    part(".save").addEventListener("click", () => this.#save());
    part(".save-large").addEventListener("click", () => this.#saveLarge());
    part(".save-code").addEventListener("click", () => this.#saveCode());
  }

  /** By which its failures are told from those of another panel. */
  get id() {
    return this.#root.id;
  }

  /** What this one may be compared with, for `open`. */
  get other() {
    return this.#chooser.other(this.model);
  }

  /** @returns {import("./address_bar.js").State|null} what it shows. */
  get state() {
    if (!this.model || !this.code) return null;
    const { name, version } = this.model;
    return { name, version, code: this.code };
  }

  /** Whether it shows the model and version of a state, where it names any. */
  isOf({ name, version }) {
    const { model } = this;
    return (
      (name ?? model.name) === model.name &&
      (version ?? model.version) === model.version
    );
  }

  /**
   * Opens what is wanted, or else the first model and its newest version.
   *
   * @param {{name?: string, version?: string}} wanted
   */
  open(wanted) {
    this.#wanted = wanted;
    return this.#attempts.run(`${this.id} model`, async () => {
      this.#root.setAttribute("aria-busy", "true");
      try {
        await this.#open(wanted);
      } finally {
        this.#root.removeAttribute("aria-busy");
      }
    });
  }

  /**
   * Begins anew.
   *
   * @param {number[]} code
   * @param {Source} source
   */
  begin(code, source) {
    this.start = code;
    this.source = source;
    this.#sliders.begin(code);
    const part = (name) => this.#root.querySelector(`.source ${name}`);
    part("img").hidden = !source.png;
    if (source.png) part("img").src = address(source.png);
    part(".title").textContent = source.title;
    part(".detail").textContent = source.detail;
    this.#tell("begin");
    this.move(code);
  }

  /** @param {number[]} code that the image shall show. */
  move(code) {
    this.code = code;
    this.#root.querySelector(".body").inert = false;
    this.#sliders.show(code);
    this.#tell("move");
    this.draw();
  }

  /** @param {number} index of a latent. */
  choose(index) {
    this.latent = index;
    this.#sliders.choose(index);
    this.#tell("choose");
  }

  async #open(wanted) {
    const { name, version } = wanted;
    const models = await this.#server.models();
    if (models?.length === 0) {
      const text = `${this.#server.name} serves no model yet.`;
      throw new ServerError("missing", text);
    }
    const chosen = !models || models.includes(name) ? name : models[0];
    if (!chosen) return this.#list(null, "", [], "");
    const versions = await this.#server.versions(chosen);
    const number = versions.includes(version) ? version : versions[0];
    if (!number) {
      this.#list(models, chosen, [], "");
      const text = `${chosen} has no version that can answer yet.`;
      throw new ServerError("missing", text);
    }
    const model = await Model.open(this.#server, chosen, number);
    if (wanted !== this.#wanted) return;
    this.#list(models, chosen, versions, number);
    this.#take(model);
  }

  #list(...choices) {
    this.#root.hidden = false;
    this.#chooser.show(...choices);
  }

  #take(model) {
    this.model = model;
    const part = (name) => this.#root.querySelector(name);
    const label = `Decoded by ${model.name}, version ${model.version}`;
    part("canvas").setAttribute("aria-label", label);
    part("canvas").setAttribute("aria-busy", "true");
    part(".description").textContent = model.description;
    part(".noise").hidden = !model.hasNoise;
    this.#picture.begin(model.size);
    this.#sliders.build(model.latents);
    if (this.code?.length !== model.numLatents) this.code = null;
    part(".body").hidden = false;
    part(".body").inert = !this.code;
    this.latent = model.latents[0].index;
    this.#sliders.choose(this.latent);
    this.#tell("model");
  }

  #draw() {
    const { model, code } = this;
    if (!code) return undefined;
    this.#root.querySelector("canvas").setAttribute("aria-busy", "true");
    return this.#attempts.run(
      `${this.id} picture`,
      async () => {
        const [png] = await model.decode([code]);
        if (model !== this.model) return;
        await this.#picture.show(png);
        this.#root.querySelector("canvas").removeAttribute("aria-busy");
      },
      (error) =>
        // The version may have made place for a newer one.
        error.kind === "missing" ? this.open(model) : this.draw(),
    );
  }

  get #fileName() {
    return `${this.model.name}-v${this.model.version}`;
  }

  #save() {
    if (!this.#picture.png) return;
    download(pngFile(this.#picture.png), `${this.#fileName}.png`);
  }

  async #saveLarge() {
    if (!this.#picture.png) return;
    const { width, height } = this.model.size;
    const times = Math.max(1, Math.floor(LARGE / Math.max(width, height)));
    const size = { width: times * width, height: times * height };
    const file = await enlarged(this.#picture.png, size);
    download(file, `${this.#fileName}-x${times}.png`);
  }

  #saveCode() {
    const { name, version } = this.model;
    const content = { model: name, version, codes: [this.code] };
    const text = `${JSON.stringify(content, null, 2)}\n`;
    const file = new Blob([text], { type: "application/json" });
    download(file, `${this.#fileName}-code.json`);
  }

  #tell(kind) {
    this.dispatchEvent(new Event(kind));
  }
}
