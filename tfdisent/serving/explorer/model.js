/** One version of a model: what it is, and what it can be asked. */

import { ServerError } from "./api.js";
import { latentsOf } from "./latents.js";

/**
 * @property {string} name of the model.
 * @property {string} version
 * @property {{height: number, width: number}} size of images.
 * @property {import("./latents.js").Latent[]} latents
 * @property {{png: string, factors: object}[]} examples images of the data.
 * @property {string} description one line; empty without a card.
 */
export class Model {
  #server;
  #signatures;

  constructor(server, name, version, signatures, card) {
    this.#server = server;
    this.#signatures = signatures;
    this.name = name;
    this.version = version;
    const images = signatures.decode.outputs.images;
    const [, height, width] = dimensions(images);
    this.size = { height, width };
    this.numLatents = dimensions(signatures.decode.inputs.codes)[1];
    this.latents = latentsOf(card, this.numLatents);
    this.examples = (this.canEncode && card?.examples) || [];
    this.description = described(card);
  }

  /**
   * @param {import("./api.js").Server} server
   * @param {string} name
   * @param {string} version
   * @returns {Promise<Model>}
   */
  static async open(server, name, version) {
    const [signatures, card] = await Promise.all([
      server.signatures(name, version),
      server.card(name, version),
    ]);
    if (!signatures.decode_png) {
      const why = "this page needs a decoder of grey or RGB images (decode_png)";
      throw new ServerError("refused", `${name} cannot be shown: ${why}.`);
    }
    return new Model(server, name, version, signatures, card);
  }

  /** Whether images have codes. */
  get canEncode() {
    return "encode_png" in this.#signatures;
  }

  /** Whether its images depend on noise too, which decode holds at 0. */
  get hasNoise() {
    return "generate" in this.#signatures;
  }

  /** @returns {number[]} the middle of the prior. */
  get middle() {
    return Array(this.numLatents).fill(0);
  }

  /**
   * @param {number[][]} codes
   * @returns {Promise<string[]>} PNG files in base64.
   */
  async decode(codes) {
    return texts(await this.#ask("decode_png", { codes }));
  }

  /**
   * @param {string} png of the model's size, in base64.
   * @returns {Promise<number[]>} the mean of its posterior.
   */
  async encode(png) {
    const inputs = { images_bytes: [{ b64: png }] };
    return (await this.#ask("encode_png", inputs)).mean[0];
  }

  /**
   * @param {number} seed
   * @returns {Promise<number[]>} a code drawn from the prior.
   */
  async sample(seed) {
    return (await this.#ask("sample_png", { seed: [seed] })).codes[0];
  }

  /**
   * @param {number[]} code
   * @param {number} latent its index.
   * @param {number[]} values that it takes.
   * @returns {Promise<string[]>} PNG files in base64, one for each value.
   */
  async traverse(code, latent, values) {
    const inputs = { codes: [code], latent: [latent], values: [values] };
    return texts((await this.#ask("traverse_png", inputs))[0]);
  }

  #ask(signature, inputs) {
    return this.#server.predict(this.name, this.version, signature, inputs);
  }
}

function dimensions(tensor) {
  return tensor.tensor_shape.dim.map((dim) => Number(dim.size));
}

function texts(files) {
  return files.map((file) => file.b64);
}

function described(card) {
  if (!card) return "";
  const data = card.data?.name;
  const steps = card.step?.toLocaleString("en");
  const parts = [card.model, data && `on ${data}`, steps && `${steps} steps`];
  return parts.filter(Boolean).join(", ").replace(", on ", " on ");
}
