/** A second model beside the first, with sliders that move together. */

import { fitted, pngFile } from "./images.js";
import { followed, pairsOf, reversed } from "./link.js";
import { Panel } from "./panel.js";
import { LINKED, NOT_SERVED } from "./starts.js";

/** Dispatches "change" when it is turned on or off, or the second model moves. */
export class Comparison extends EventTarget {
  #first;
  #second = null;
  #attempts;
  #say;
  #make;
  #button;
  #note;
  #isFollowing = false;
  #linked = null;

  /**
   * @param {HTMLButtonElement} button that turns it on and off.
   * @param {HTMLElement} note which says what goes together.
   * @param {import("./panel.js").Panel} first
   * @param {import("./attempts.js").Attempts} attempts
   * @param {(text: string) => void} say shows a sentence for a while.
   * @param {() => Panel} make a second panel on the page.
   */
  constructor(button, note, first, attempts, say, make) {
    super();
    this.#first = first;
    this.#attempts = attempts;
    this.#say = say;
    this.#make = make;
    this.#button = button;
    this.#note = note;
    button.addEventListener("click", () => this.#toggle());
    first.addEventListener("begin", () => this.#begin());
    first.addEventListener("move", () => this.#follow());
    first.addEventListener("choose", () => this.#choose());
  }

  /** @returns {import("./address_bar.js").State|null} the second model's. */
  get state() {
    return this.#isOn ? (this.#second?.state ?? null) : null;
  }

  /** @param {import("./address_bar.js").State|null} state null for none. */
  open(state) {
    this.#turn(state !== null);
    if (!state) return;
    this.#linked = state;
    if (!this.#second) this.#add(state);
    else this.#second.open(state);
  }

  #toggle() {
    this.#turn(!this.#isOn);
    if (this.#isOn && !this.#second) this.#add(this.#first.other);
    else if (this.#isOn) this.#begin();
    this.dispatchEvent(new Event("change"));
  }

  #turn(isOn) {
    this.#button.setAttribute("aria-pressed", isOn);
    document.documentElement.classList.toggle("comparing", isOn);
    this.#note.hidden = !isOn;
  }

  #add(wanted) {
    const second = this.#make();
    this.#second = second;
    second.addEventListener("model", () => {
      if (this.#linked && !second.isOf(this.#linked)) {
        this.#linked = null;
        this.#say(NOT_SERVED);
      }
      this.#begin();
    });
    second.addEventListener("move", () => {
      this.#lead();
      this.dispatchEvent(new Event("change"));
    });
    second.addEventListener("choose", () => this.#letChoose());
    second.open(wanted);
  }

  get #isOn() {
    return this.#button.getAttribute("aria-pressed") === "true";
  }

  get #pairs() {
    return pairsOf(this.#first.model.latents, this.#second.model.latents);
  }

  /** Both begin with the same image, or else code; or as a link has it. */
  async #begin() {
    const [first, second] = [this.#first, this.#second];
    if (!this.#isOn || !second?.model || !first.start) return;
    const { model } = second;
    const linked = this.#linked;
    if (linked?.code?.length === model.numLatents && second.isOf(linked)) {
      this.#linked = null;
      this.#quietly(() => second.begin(linked.code, LINKED));
      this.#choose();
      return;
    }
    const { start, source } = first;
    await this.#attempts.run("comparison", async () => {
      let code = model.middle;
      if (model.canEncode) {
        const png = source.png ?? (await first.model.decode([start]))[0];
        code = await model.encode(await fitted(pngFile(png), model.size));
      } else if (model.numLatents === start.length) {
        code = start;
      }
      if (model !== second.model || start !== first.start) return;
      this.#quietly(() => second.begin(code, source));
      this.#follow();
      this.#choose();
    });
  }

  #follow() {
    const [first, second] = [this.#first, this.#second];
    if (!this.#canFollow()) return;
    const code = followed(this.#pairs, first, second);
    this.#quietly(() => second.move(code));
  }

  #lead() {
    const [first, second] = [this.#first, this.#second];
    if (!this.#canFollow()) return;
    const code = followed(reversed(this.#pairs), second, first);
    this.#quietly(() => first.move(code));
  }

  #choose() {
    const { latent } = this.#first;
    if (!this.#canFollow()) return;
    const pair = this.#pairs.find(({ first }) => first.index === latent);
    if (pair) this.#quietly(() => this.#second.choose(pair.second.index));
  }

  #letChoose() {
    const { latent } = this.#second;
    if (!this.#canFollow()) return;
    const pair = this.#pairs.find(({ second }) => second.index === latent);
    if (pair) this.#quietly(() => this.#first.choose(pair.first.index));
  }

  #canFollow() {
    const [first, second] = [this.#first, this.#second];
    return this.#isOn && !this.#isFollowing && first.code && second?.code;
  }

  // What follows does not lead in turn.
  #quietly(move) {
    this.#isFollowing = true;
    move();
    this.#isFollowing = false;
  }
}
