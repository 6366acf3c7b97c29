/** Which model and version: two lists, or a name where there is no list. */

/** Dispatches "choose" {name, version}. */
export class Chooser extends EventTarget {
  #models;
  #versions;
  #form;

  /** @param {HTMLElement} root */
  constructor(root) {
    super();
    this.#models = root.querySelector(".models");
    this.#versions = root.querySelector(".versions");
    this.#form = root.querySelector("form");
    this.#models.addEventListener("change", () =>
      this.#tell(this.#models.value),
    );
    this.#versions.addEventListener("change", () =>
      this.#tell(this.#models.value, this.#versions.value),
    );
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#tell(this.#form.querySelector("input").value.trim());
    });
  }

  /**
   * @param {string[]|null} models null asks for a name.
   * @param {string} name the chosen one.
   * @param {string[]} versions of that model.
   * @param {string} version the chosen one.
   */
  show(models, name, versions, version) {
    this.#form.hidden = models !== null;
    this.#models.parentElement.hidden = models === null;
    fill(this.#models, models ?? [name], name);
    fill(this.#versions, versions, version);
    this.#versions.parentElement.hidden = !versions.length;
    if (models === null) this.#form.querySelector("input").value = name ?? "";
  }

  /**
   * @param {{name: string, version: string}} model
   * @returns {{name: string, version?: string}} another version of it, or else
   *   another model; itself if there is none.
   */
  other({ name, version }) {
    const values = (select) => [...select.options].map(({ value }) => value);
    const versions = values(this.#versions).filter((x) => x !== version);
    if (versions.length) return { name, version: versions[0] };
    const models = values(this.#models).filter((x) => x !== name);
    return { name: models[0] ?? name };
  }

  #tell(name, version) {
    const detail = { name, version };
    this.dispatchEvent(new CustomEvent("choose", { detail }));
  }
}

function fill(select, values, chosen) {
  const options = values.map((value) => {
    const option = document.createElement("option");
    option.value = option.textContent = value;
    return option;
  });
  select.replaceChildren(...options);
  select.value = chosen;
}
