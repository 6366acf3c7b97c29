/** What is known of each latent, from the model card if there is one. */

const PRIOR = 3; // standard deviations, where nothing else is known
const MOST = 16; // latents in sight, where no KL tells which matter
const STEP = 0.05;
const LEAST = 1; // standard deviation of the prior

/**
 * @typedef {object} Latent
 * @property {number} index in codes.
 * @property {string} name as z3.
 * @property {string} title its meaning, or else its name.
 * @property {string|null} meaning the factor that it follows.
 * @property {number} direction in which it follows that factor, 1 or -1.
 * @property {number|null} kl to the prior, in nats.
 * @property {boolean} isFolded inactive, or one of very many.
 * @property {number} low of the values that the decoder has seen, and
 * @property {number} high
 */

/**
 * @param {object|null} card
 * @param {number} count latents of the model.
 * @returns {Latent[]} the largest KL first; without a card, by their index.
 */
export function latentsOf(card, count) {
  const listed = card?.latents ?? [];
  const found = new Set(listed.map((latent) => latent.index));
  if (listed.length === count && found.size === count) {
    return listed.map(fromCard);
  }
  return Array.from({ length: count }, (_, index) => ({
    index,
    name: `z${index}`,
    title: `z${index}`,
    meaning: null,
    direction: 1,
    kl: null,
    isFolded: index >= MOST,
    low: -PRIOR,
    high: PRIOR,
  }));
}

function fromCard(latent) {
  // A narrower one is of an encoder that sees little of what is drawn.
  const isRange = latent.active && latent.high - latent.low > LEAST;
  return {
    index: latent.index,
    name: latent.name,
    title: latent.meaning ?? latent.name,
    meaning: latent.meaning,
    direction: latent.factor?.correlation < 0 ? -1 : 1,
    kl: latent.kl,
    isFolded: !latent.active,
    low: isRange ? latent.low : -PRIOR,
    high: isRange ? latent.high : PRIOR,
  };
}

/**
 * The ends of a slider, on its steps.
 *
 * @param {Latent} latent
 * @param {number} value which must lie between them.
 * @returns {{low: number, high: number, step: number}}
 */
export function rangeOf(latent, value) {
  const low = Math.floor(Math.min(latent.low, value) / STEP) * STEP;
  const high = Math.ceil(Math.max(latent.high, value) / STEP) * STEP;
  return { low: round(low), high: round(high), step: STEP };
}

/**
 * @param {Latent} latent
 * @param {number} count
 * @returns {number[]} values over its range, both ends among them.
 */
export function valuesOver(latent, count) {
  const share = (_, k) => k / (count - 1);
  return Array.from({ length: count }, share).map((part) =>
    round(latent.low + part * (latent.high - latent.low)),
  );
}

/** @param {number} value @returns {string} with two decimals and a minus. */
export function written(value) {
  const text = value.toFixed(2);
  return text === "-0.00" ? "0.00" : text.replace("-", "\u2212");
}

function round(value) {
  return Number(value.toFixed(4));
}
