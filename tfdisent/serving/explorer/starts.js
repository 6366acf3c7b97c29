/** Where a code begins: an image of the data, a person's own, or a draw. */

import { address, fitted, pngFile } from "./images.js";

const MIDDLE = { title: "The middle of the prior", detail: "", png: null };
export const LINKED = { title: "The code of the link", detail: "", png: null };
export const NOT_SERVED = "What the link shows is not served here.";

export class Starts {
  #panel;
  #attempts;
  #say;
  #root;
  #buttons = [];
  #newest;

  /**
   * @param {HTMLElement} root
   * @param {import("./panel.js").Panel} panel whose code begins.
   * @param {import("./attempts.js").Attempts} attempts
   * @param {(text: string) => void} say shows a sentence for a while.
   */
  constructor(root, panel, attempts, say) {
    this.#root = root;
    this.#panel = panel;
    this.#attempts = attempts;
    this.#say = say;
    const file = root.querySelector("[type=file]");
    file.addEventListener("change", () => {
      if (file.files.length) this.#upload(file.files[0]);
      file.value = "";
    });
    root.querySelector(".upload").addEventListener("click", () => file.click());
    const seed = root.querySelector("[type=number]");
    const draw = () => this.#sample(seed.valueAsNumber);
    root.querySelector(".sample").addEventListener("click", draw);
    root.querySelector(".next").addEventListener("click", () => {
      seed.valueAsNumber = (seed.valueAsNumber || 0) + 1;
      draw();
    });
    this.#takeDrops();
  }

  /**
   * Finds a code for a model that has none.
   *
   * @param {number[]|undefined} code the one that is wanted, if it fits.
   */
  async begin(code) {
    const { model, source } = this.#panel;
    this.#showExamples(model.examples);
    this.#root.querySelector(".images").hidden = !model.canEncode;
    this.#root.querySelector(".no-encoder").hidden = model.canEncode;
    const fits = (other) => other?.length === model.numLatents;
    if (fits(code)) {
      this.#panel.begin(code, LINKED);
    } else if (model.canEncode && source?.png) {
      await this.#encode(source);
    } else if (fits(this.#panel.code)) {
      this.#panel.begin(this.#panel.code, source);
    } else if (model.examples.length) {
      await this.#encode(exampleOf(model, 0));
    } else {
      this.#panel.begin(model.middle, MIDDLE);
    }
    this.#mark();
  }

  #showExamples(examples) {
    const { model } = this.#panel;
    this.#buttons = examples.map((example, k) => {
      const button = document.createElement("button");
      const image = document.createElement("img");
      const source = exampleOf(model, k);
      Object.assign(button, { type: "button", className: "example" });
      button.title = source.detail;
      button.dataset.title = source.title;
      image.src = address(example.png);
      image.alt = `${source.title}, ${source.detail}`;
      button.append(image);
      button.addEventListener("click", () => this.#encode(source));
      return button;
    });
    this.#root.querySelector(".examples").replaceChildren(...this.#buttons);
  }

  #encode(source) {
    return this.#start(source, async (model) => {
      // Another model may have images of another size.
      const png = await fitted(pngFile(source.png), model.size);
      return model.encode(png);
    });
  }

  #sample(seed) {
    if (!Number.isSafeInteger(seed)) {
      this.#say("A seed is a whole number.");
      return;
    }
    const title = `Prior sample with seed ${seed}`;
    const source = { title, detail: "", png: null };
    this.#start(source, (model) => model.sample(seed));
  }

  #start(source, find) {
    const { model } = this.#panel;
    this.#newest = source;
    return this.#attempts.run("start", async () => {
      const code = await find(model);
      if (source !== this.#newest || model !== this.#panel.model) return;
      this.#panel.begin(code, source);
      this.#mark();
    });
  }

  async #upload(file) {
    let png;
    try {
      png = await fitted(file, this.#panel.model.size);
    } catch {
      this.#say(`${file.name} is no image that this browser can read.`);
      return;
    }
    this.#encode({ title: file.name, detail: "", png });
  }

  #mark() {
    const title = this.#panel.source?.title;
    for (const button of this.#buttons) {
      button.setAttribute("aria-pressed", button.dataset.title === title);
    }
  }

  #takeDrops() {
    const root = document.documentElement;
    const light = (isOver) => root.classList.toggle("dropping", isOver);
    addEventListener("dragover", (event) => {
      event.preventDefault();
      light(true);
    });
    addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) light(false);
    });
    addEventListener("drop", (event) => {
      event.preventDefault();
      light(false);
      const [file] = event.dataTransfer.files;
      if (file && this.#panel.model?.canEncode) this.#upload(file);
    });
  }
}

function exampleOf(model, k) {
  const { png, factors } = model.examples[k];
  const values = Object.entries(factors).map(([name, x]) => `${name} ${x}`);
  return { title: `Example ${k + 1}`, detail: values.join(", "), png };
}
