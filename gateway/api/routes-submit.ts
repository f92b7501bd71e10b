import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { compareDecimals } from "../../devices/quantity/index.ts";
import type { Measurement } from "../../ledger/statement/index.ts";
import { statementOf } from "../export/index.ts";
import type { ApiPort } from "./port.ts";
import { Problem } from "./problems.ts";
import * as schemas from "./schemas.ts";
import { parseSubmission } from "./submission.ts";

/** H2-H5, H7. */
export function registerSubmit(app: FastifyInstance, port: ApiPort): void {
  const submissions = makeSubmissions(port);
  app.post(
    "/v1/measurements",
    {
      schema: {
        body: schemas.submission,
        security: [{ token: [] }],
        response: { 201: schemas.accepted, 422: schemas.problem },
      },
      // H4: `parseSubmission` checks it, and names the field.
      validatorCompiler: () => () => true,
      // Before the body is parsed: a stranger buys no work.
      onRequest: async (request: FastifyRequest) => checkToken(request, port.token),
    },
    async (request: FastifyRequest, reply: FastifyReply) => {
      const parsed = parseSubmission(request.body, port.site, port.gateway, port.now());
      if (parsed.kind === "reject") {
        throw new Problem("wrong-field", `${parsed.field} ${parsed.reason}`, { field: parsed.field });
      }
      const number = await submissions(parsed.measurement, idempotencyKey(request));
      return reply
        .code(201)
        .header("location", `/v1/measurements/${port.gateway}/${number}`)
        .send({ gateway: port.gateway, number });
    },
  );
}

type Submissions = (measurement: Measurement, key: string | null) => Promise<number>;

/** H5: requests with one key are one acceptance, whether the first is done, under way or of before a restart. */
function makeSubmissions(port: ApiPort): Submissions {
  const underWay = new Map<string, { readonly measurement: Measurement; readonly number: Promise<number> }>();
  const lane = port.site.gateways.findIndex(({ name }) => name === port.gateway);

  const submit = async (measurement: Measurement, key: string): Promise<number> => {
    const earlier = await port.accepted(key);
    if (earlier === null) return (await port.submit(measurement, key)).number;
    const stored = await port.statement(lane, earlier);
    if (stored !== null) mustBeSame(measurement, statementOf(stored).measurement);
    return earlier;
  };

  return async (measurement, header) => {
    if (header === null) return (await port.submit(measurement, null)).number;
    const key = `api/${header}`;
    const first = underWay.get(key);
    if (first !== undefined) {
      mustBeSame(measurement, first.measurement);
      return first.number;
    }
    const number = submit(measurement, key).finally(() => underWay.delete(key));
    underWay.set(key, { measurement, number });
    return number;
  };
}

/** H5. The time is the gateway's own and differs between two requests. */
function mustBeSame(asked: Measurement, accepted: Measurement): void {
  const edges = ["length", "width", "height"] as const;
  const same =
    asked.item === accepted.item &&
    asked.station === accepted.station &&
    compareDecimals(asked.mass, accepted.mass) === 0 &&
    edges.every((edge) => compareDecimals(asked.dimensions[edge], accepted.dimensions[edge]) === 0);
  if (!same) {
    throw new Problem(
      "wrong-field",
      "Idempotency-Key was used for another measurement; use a new key for a new measurement",
      {
        field: "Idempotency-Key",
      },
    );
  }
}

function idempotencyKey(request: FastifyRequest): string | null {
  const header = request.headers["idempotency-key"];
  if (header === undefined) return null;
  if (typeof header === "string" && /^[\x21-\x7e]{1,128}$/.test(header)) return header;
  throw new Problem("wrong-field", "Idempotency-Key must be 1 to 128 printable characters", {
    field: "Idempotency-Key",
  });
}

/** H2. Digests have one length, whatever was sent. */
export async function checkToken(request: FastifyRequest, token: string): Promise<void> {
  const given = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
  if (timingSafeEqual(digest(given), digest(token)) && token !== "") return;
  throw new Problem(
    "unauthorized",
    "send the gateway's token (keys/token in its directory) as Authorization: Bearer ...",
  );
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
