import { Agent as HttpAgent, type ClientRequest, get as getHttp, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, get as getHttps } from "node:https";
import { type Connect, type Connection, type ConnectionEvents, once } from "./connection.ts";
import { tcpReason } from "./tcp.ts";

/** W1. `url`: http or https, as the device's page names it; a user name and password may stand in it. */
export type HttpSettings = { readonly kind: "http"; readonly url: string };

/** W2. */
const ANSWER_MS = 3_000;
const ANSWER_BYTES = 16_384;

/** Asks a device by GET: once to open, then whenever something is written (W1). Every answer is received whole. */
export const connectHttp =
  (settings: HttpSettings): Connect =>
  (events) =>
    new HttpConnection(settings, events);

/** Owns one connection to a web server in a device, with at most one question under way. */
class HttpConnection implements Connection {
  readonly #url: URL;
  readonly #where: string;
  readonly #agent: HttpAgent;
  readonly #events: ReturnType<typeof once>;
  #asking: ClientRequest | null = null;
  #isOpen = false;

  constructor({ url }: HttpSettings, events: ConnectionEvents) {
    this.#url = new URL(url);
    // Without user name and password.
    this.#where = `${this.#url.protocol}//${this.#url.host}${this.#url.pathname}`;
    this.#agent =
      this.#url.protocol === "https:"
        ? new HttpsAgent({ keepAlive: true, maxSockets: 1 })
        : new HttpAgent({ keepAlive: true, maxSockets: 1 });
    this.#events = once(events);
    this.#ask(true);
  }

  write(): void {
    if (this.#asking === null) this.#ask(true);
  }

  async close(): Promise<void> {
    this.#events.mute();
    this.#end();
  }

  #end(): void {
    this.#asking?.destroy();
    this.#asking = null;
    this.#agent.destroy();
  }

  #fail(reason: string): void {
    this.#events.closed(reason);
    this.#end();
  }

  /** `again`: a kept connection that the device had closed meanwhile is no fault; a new one is. */
  #ask(again: boolean): void {
    const get = this.#url.protocol === "https:" ? getHttps : getHttp;
    const headers = { accept: "application/json", "accept-encoding": "identity" };
    const request = get(this.#url, { agent: this.#agent, headers }, (answer) => this.#onAnswer(request, answer));
    this.#asking = request;
    // Of the whole answer: one that drips in a byte at a time never idles.
    const timer = setTimeout(() => {
      this.#fail(`${this.#where} gave no whole answer within ${ANSWER_MS} ms: check the device and its network`);
    }, ANSWER_MS);
    request.once("close", () => clearTimeout(timer));
    request.on("error", (error: NodeJS.ErrnoException) => {
      if (this.#asking !== request) return;
      this.#asking = null;
      if (again && request.reusedSocket && error.code === "ECONNRESET") this.#ask(false);
      else this.#fail(tcpReason(this.#where, error));
    });
  }

  #onAnswer(request: ClientRequest, answer: IncomingMessage): void {
    const { statusCode = 0 } = answer;
    // W3: whoever redirects could send us anywhere.
    if (statusCode >= 300 && statusCode < 400) {
      this.#fail(
        `${this.#where} redirects (${statusCode}), which is not followed: name the device's own address in url`,
      );
      return;
    }
    if (statusCode !== 200) {
      this.#fail(
        `${this.#where} answers ${statusCode} instead of 200: correct the path, user name and password in url`,
      );
      return;
    }
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    answer.on("data", (chunk: Uint8Array) => {
      bytes += chunk.length;
      if (bytes <= ANSWER_BYTES) chunks.push(chunk);
      else
        this.#fail(
          `${this.#where} answers with more than ${ANSWER_BYTES} bytes: this is not the page of one measurement`,
        );
    });
    // An answer that breaks off is an error of the request.
    answer.on("error", () => {});
    answer.on("end", () => {
      if (this.#asking !== request) return;
      this.#asking = null;
      if (!this.#isOpen) this.#events.opened(this.#where);
      this.#isOpen = true;
      this.#events.received(Buffer.concat(chunks));
    });
    answer.on("close", () => {
      if (this.#asking === request && !answer.complete)
        this.#fail(`${this.#where} broke its answer off: the device may have restarted`);
    });
  }
}
