/** How the sliders of two models go together. */

/**
 * @typedef {object} Pair
 * @property {import("./latents.js").Latent} first
 * @property {import("./latents.js").Latent} second
 * @property {number} sign -1 if they follow their factor in opposite ways.
 */

/**
 * Pairs the latents of the same meaning, and the others by their rank of KL.
 *
 * @param {import("./latents.js").Latent[]} firsts the largest KL first.
 * @param {import("./latents.js").Latent[]} seconds
 * @returns {Pair[]}
 */
export function pairsOf(firsts, seconds) {
  const left = [...seconds];
  const others = [];
  const pairs = [];
  for (const first of firsts) {
    const same = left.findIndex(
      (second) => first.meaning !== null && second.meaning === first.meaning,
    );
    if (same < 0) {
      others.push(first);
    } else {
      const [second] = left.splice(same, 1);
      const sign = first.direction * second.direction;
      pairs.push({ first, second, sign });
    }
  }
  others.slice(0, left.length).forEach((first, k) => {
    pairs.push({ first, second: left[k], sign: 1 });
  });
  return pairs;
}

/** @param {Pair[]} pairs @returns {Pair[]} the other way around. */
export function reversed(pairs) {
  return pairs.map(({ first, second, sign }) => ({
    first: second,
    second: first,
    sign,
  }));
}

/**
 * Moves each second latent from its start by as large a part of its range as
 * the first one went. Latents in no pair stay.
 *
 * @param {Pair[]} pairs
 * @param {{code: number[], start: number[]}} from of the first latents.
 * @param {{code: number[], start: number[]}} to of the second ones.
 * @returns {number[]} a code of the second model.
 */
export function followed(pairs, from, to) {
  const code = [...to.code];
  for (const { first, second, sign } of pairs) {
    const way = from.code[first.index] - from.start[first.index];
    const scale = (second.high - second.low) / (first.high - first.low);
    code[second.index] = to.start[second.index] + sign * scale * way;
  }
  return code;
}
