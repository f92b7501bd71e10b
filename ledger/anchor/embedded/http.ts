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

/** One request to somebody who may be hostile: bounded in time and size, following nothing. Never throws. */
export async function ask(url: URL, { body, timeoutMs }: AskOptions): Promise<Asked> {
  try {
    const response = await fetch(url, {
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === null ? {} : { method: "POST", body, headers: { "content-type": "text/plain; charset=utf-8" } }),
    });
    const answer = await readBounded(response);
    if (answer === null)
      return { kind: "failed", reason: `${url.host} answered with more than ${ANSWER_LIMIT_BYTES} bytes` };
    const contentType = (response.headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
    return { kind: "answer", status: response.status, contentType, body: answer, summary: summaryOf(answer) };
  } catch (error) {
    return { kind: "failed", reason: `${url.host} cannot be asked: ${causeOf(error)}` };
  }
}

async function readBounded(response: Response): Promise<string | null> {
  if (response.body === null) return "";
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the stream and with it the connection.
  for await (const chunk of response.body) {
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

/** fetch hides the reason (refused, reset, timeout) one level down. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
