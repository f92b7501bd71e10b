import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

/** H4: more than any honest answer has; a hostile ledger cannot make us hold more. */
const ANSWER_LIMIT_BYTES = 256 * 1024;

export type Answer = {
  readonly kind: "answer";
  readonly status: number;
  /** Without parameters. */
  readonly contentType: string;
  readonly body: string;
  /** The beginning of the body, fit for a log. */
  readonly summary: string;
};

export type Asked = Answer | { readonly kind: "failed"; readonly reason: string };

export type AskOptions = {
  /** Null asks with GET. */
  readonly body: string | null;
  /** For the request with its whole answer. */
  readonly timeoutMs: number;
};

/**
 * One request to somebody who may be hostile: bounded in time and size, following nothing. Never throws. Not with `fetch`, whose parser is
 * WebAssembly: compiling it took 24 MB, which a gateway never gave back.
 */
export async function ask(url: URL, options: AskOptions): Promise<Asked> {
  try {
    const response = await responseOf(url, options);
    const answer = await readBounded(response);
    if (answer === null)
      return { kind: "failed", reason: `${url.host} answered with more than ${ANSWER_LIMIT_BYTES} bytes` };
    const contentType = (response.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
    return { kind: "answer", status: response.statusCode ?? 0, contentType, body: answer, summary: summaryOf(answer) };
  } catch (error) {
    return { kind: "failed", reason: `${url.host} cannot be asked: ${causeOf(error)}` };
  }
}

function responseOf(url: URL, { body, timeoutMs }: AskOptions): Promise<IncomingMessage> {
  const post = { method: "POST", headers: { "content-type": "text/plain; charset=utf-8" } };
  const begin = url.protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = begin(url, { signal: AbortSignal.timeout(timeoutMs), ...(body === null ? {} : post) });
    request.once("response", resolve);
    // Also after the answer has begun: then the reader of the answer is told as well.
    request.on("error", reject);
    request.end(body ?? undefined);
  });
}

async function readBounded(response: IncomingMessage): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early destroys the stream and with it the connection.
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > ANSWER_LIMIT_BYTES) return null;
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function summaryOf(body: string): string {
  return body
    .slice(0, 200)
    .replaceAll(/[^\x20-\x7e]+/g, " ")
    .trim();
}

/** An abort hides its reason (the timeout) one level down. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
