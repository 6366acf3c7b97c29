/** The server's REST protocol, that of TensorFlow Serving. */

const SECONDS = 30;

/** A failure in one sentence for the person at the page. */
export class ServerError extends Error {
  /**
   * @param {"unreachable"|"slow"|"token"|"missing"|"refused"|"broken"} kind
   * @param {string} message one sentence.
   */
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/** One server, and the token for it, which lives as long as the tab. */
export class Server {
  #key;

  /**
   * @param {URL} base of the server; ends in "/".
   * @param {URL} page whose folder "cards" may hold model cards.
   */
  constructor(base, page) {
    this.base = base;
    this.page = page;
    this.#key = `token for ${base}`;
  }

  /** What a reader calls it, such as http://127.0.0.1:8501. */
  get name() {
    return this.base.href.replace(/\/$/, "");
  }

  /** @param {string} token sent with each request from now on. */
  set token(token) {
    sessionStorage.setItem(this.#key, token);
  }

  /** @returns {Promise<string[]|null>} names; null if there is no list. */
  async models() {
    try {
      const answer = await this.#ask("v1/models");
      return answer.models.map((model) => model.name);
    } catch (error) {
      // TensorFlow Serving has no such list.
      if (["missing", "refused"].includes(error.kind)) return null;
      throw error;
    }
  }

  /**
   * @param {string} model
   * @returns {Promise<string[]>} versions that can answer, the newest first.
   */
  async versions(model) {
    const answer = await this.#ask(path(model));
    return answer.model_version_status
      .filter((status) => status.state === "AVAILABLE")
      .map((status) => status.version)
      .sort((a, b) => b - a);
  }

  /**
   * @param {string} model
   * @param {string} version
   * @returns {Promise<object>} signature definitions by name.
   */
  async signatures(model, version) {
    const answer = await this.#ask(`${path(model, version)}/metadata`);
    return answer.metadata.signature_def.signature_def;
  }

  /**
   * @param {string} model
   * @param {string} version
   * @param {string} signature
   * @param {object} inputs tensors by name.
   * @returns {Promise<*>} the only output, or outputs by name.
   */
  async predict(model, version, signature, inputs) {
    const body = JSON.stringify({ signature_name: signature, inputs });
    const url = `${path(model, version)}:predict`;
    return (await this.#ask(url, body)).outputs;
  }

  /**
   * @param {string} model
   * @param {string} version
   * @returns {Promise<object|null>} the model card, if the page's host has one.
   */
  async card(model, version) {
    const name = encodeURIComponent(model);
    const url = new URL(`cards/${name}/${version}.json`, this.page);
    const isOwn = this.page.href === this.base.href;
    try {
      return await this.#fetch(url, undefined, isOwn);
    } catch (error) {
      if (isOwn && !["missing", "refused"].includes(error.kind)) throw error;
      return null;
    }
  }

  #ask(url, body) {
    return this.#fetch(new URL(url, this.base), body, true);
  }

  async #fetch(url, body, withToken) {
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), 1000 * SECONDS);
    const token = withToken && sessionStorage.getItem(this.#key);
    try {
      const response = await fetch(url, {
        // A body of the default type, text/plain, needs no preflight.
        method: body === undefined ? "GET" : "POST",
        body,
        headers: token ? { Authorization: `Bearer ${token}` } : {},
        signal: giveUp.signal,
      });
      const text = await response.text();
      return this.#read(response, text);
    } catch (error) {
      throw error instanceof ServerError ? error : this.#lost(giveUp.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  #read(response, text) {
    let answer = null;
    try {
      answer = JSON.parse(text);
    } catch {
      // Said below, with the status.
    }
    if (response.ok && answer !== null) return answer;
    const said = answer?.error ?? `status ${response.status}, and no JSON`;
    switch (response.status) {
      case 401:
        throw new ServerError("token", `${this.name} asks for a token.`);
      case 404:
        throw new ServerError("missing", `${this.name} says: ${said}`);
      default: {
        const kind = response.status < 500 ? "refused" : "broken";
        throw new ServerError(kind, `${this.name} says: ${said}`);
      }
    }
  }

  #lost(signal) {
    if (signal.aborted) {
      const text = `${this.name} has not answered for ${SECONDS} seconds.`;
      return new ServerError("slow", text);
    }
    const isOther = this.base.origin !== this.page.origin;
    const hint = isOther ? ", or does not let this page ask (CORS)" : "";
    const text = `${this.name} does not answer${hint}.`;
    return new ServerError("unreachable", text);
  }
}

function path(model, version) {
  const name = `v1/models/${encodeURIComponent(model)}`;
  return version === undefined ? name : `${name}/versions/${version}`;
}
