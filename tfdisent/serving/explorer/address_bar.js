/** The states that a link carries, of one model or of two that are compared. */

/**
 * What a panel shows.
 *
 * @typedef {object} State
 * @property {string} [name] of the model.
 * @property {string} [version]
 * @property {number[]} [code]
 */

const SECOND = "second_"; // before the fields of the model on the right

/**
 * @param {string} hash of an address.
 * @returns {{first: State, second: State|null}}
 */
export function readStates(hash) {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  const second = readState(fields, SECOND);
  return { first: readState(fields, ""), second: second.name ? second : null };
}

/**
 * @param {State} first
 * @param {State|null} second
 * @returns {string} a hash.
 */
export function writeStates(first, second) {
  const parts = [writeState(first, "")];
  if (second) parts.push(writeState(second, SECOND));
  return `#${parts.join("&")}`;
}

function readState(fields, prefix) {
  const field = (name) => fields.get(prefix + name) ?? undefined;
  const code = field("code")?.split(",").map(Number);
  return {
    name: field("model"),
    version: field("version"),
    // What float32, in which the server reads it, cannot hold is no code.
    code: code?.every((x) => Number.isFinite(Math.fround(x))) ? code : undefined,
  };
}

function writeState({ name, version, code }, prefix) {
  const fields = new URLSearchParams([
    [`${prefix}model`, name],
    [`${prefix}version`, version],
  ]);
  const numbers = code.map((value) => Number(value.toPrecision(6)));
  // The commas stay, for a reader.
  return `${fields}&${prefix}code=${numbers.join(",")}`;
}
