import type { FastifyInstance } from "fastify";
import { formatDecimal } from "../../devices/quantity/index.ts";
import { buildReceipt } from "../../ledger/receipt/index.ts";
import { type Decimal, massGrams } from "../../ledger/statement/index.ts";
import { decodeTwin } from "../../ledger/twin/index.ts";
import { measurementRow } from "../export/index.ts";
import type { ApiPort } from "./port.ts";
import { Problem } from "./problems.ts";
import * as schemas from "./schemas.ts";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/** Everything that can be asked without a token. */
export function registerReads(app: FastifyInstance, port: ApiPort): void {
  app.get("/v1/status", { schema: { response: { 200: schemas.status } } }, async () => port.status());
  app.get("/v1/site", { schema: { response: { 200: { type: "object", additionalProperties: true } } } }, async () =>
    port.siteJson(),
  );
  app.get("/v1/checkpoint", { schema: { response: { 200: { type: "string" } } } }, async (_request, reply) => {
    const note = port.checkpointNote();
    if (note === null) throw new Problem("no-checkpoint", "the gateways have not cosigned a checkpoint yet");
    return reply.type("text/plain; charset=utf-8").send(note);
  });
  registerMeasurements(app, port);
  registerItems(app, port);
  registerEvidence(app, port);
}

/** H9. */
function registerEvidence(app: FastifyInstance, port: ApiPort): void {
  app.get("/v1/evidence", { schema: { response: { 200: schemas.evidence } } }, async () => port.evidence());

  app.get<{ Params: { id: string } }>(
    "/v1/evidence/:id",
    { schema: { params: schemas.evidenceId, response: { 200: { type: "string", format: "binary" } } } },
    async ({ params }, reply) => {
      const file = await port.evidenceFile(params.id);
      if (file === null) throw new Problem("unknown-evidence", "this gateway keeps no evidence with this id");
      const { gateway, fault } = port.evidence().find(({ id }) => id === params.id) ?? {
        gateway: "gateway",
        fault: "fault",
      };
      return reply
        .type("application/octet-stream")
        .header("content-disposition", `attachment; filename="${gateway}-${fault}-${params.id.slice(0, 8)}.evidence"`)
        .send(Buffer.from(file));
    },
  );
}

function registerMeasurements(app: FastifyInstance, port: ApiPort): void {
  app.get<{ Querystring: { after?: string; limit?: string } }>(
    "/v1/measurements",
    { schema: { querystring: schemas.measurementQuery, response: { 200: schemas.measurements } } },
    async ({ query }) => {
      const limit = query.limit === undefined ? DEFAULT_LIMIT : Number(query.limit);
      if (limit < 1 || limit > MAX_LIMIT)
        throw new Problem("bad-request", `limit must be a whole number from 1 to ${MAX_LIMIT}`);
      const found = await port.statementsAfter(Number(query.after ?? "-1"), limit);
      return found.map((final) => measurementRow(final, port.site));
    },
  );

  app.get<{ Params: { gateway: string; number: string } }>(
    "/v1/measurements/:gateway/:number",
    { schema: { params: schemas.place, response: { 200: schemas.measurement } } },
    async ({ params }) => {
      const { lane, number } = placeOf(port, params);
      const found = await port.statement(lane, number);
      if (found === null) throw unknownMeasurement(params);
      if (found.index === null)
        throw new Problem("not-final", `${params.gateway}/${number} is accepted, but not final yet; ask again`);
      return measurementRow({ index: found.index, lane, number, bytes: found.bytes }, port.site);
    },
  );

  app.get<{ Params: { gateway: string; number: string } }>(
    "/v1/measurements/:gateway/:number/receipt",
    {
      schema: { params: schemas.place, response: { 200: { type: "string", format: "binary" } } },
      // Building one reads a whole bundle and walks the tree.
      config: { rateLimit: { max: 500, timeWindow: "1 second" } },
    },
    async ({ params }, reply) => {
      const { lane, number } = placeOf(port, params);
      const answer = await port.receipt(lane, number);
      switch (answer.kind) {
        case "unknown":
          throw unknownMeasurement(params);
        case "pending":
          throw answer.stage === "accepted"
            ? new Problem("not-final", `${params.gateway}/${number} is accepted, but not final yet; ask again`)
            : new Problem(
                "not-anchored",
                `${params.gateway}/${number} is final, but no shared ledger covers it yet; ask again`,
              );
        case "parts":
          return reply
            .type("application/octet-stream")
            .header("content-disposition", `attachment; filename="${params.gateway}-${number}.receipt"`)
            .send(Buffer.from(buildReceipt(answer.parts)));
      }
    },
  );
}

function registerItems(app: FastifyInstance, port: ApiPort): void {
  const nameOf = (lane: number): string => port.site.gateways[lane]?.name ?? String(lane);
  app.get<{ Params: { item: string } }>(
    "/v1/items/:item",
    {
      schema: {
        params: {
          type: "object",
          required: ["item"],
          properties: { item: { type: "string", minLength: 1, maxLength: 64 } },
        },
        response: { 200: schemas.item },
      },
    },
    async ({ params }) => {
      const bytes = await port.twin(params.item);
      if (bytes === null)
        throw new Problem("unknown-item", `no final measurement names the item ${JSON.stringify(params.item)}`);
      const { item, count, flagged, latest, history } = decodeTwin(bytes);
      const { lane, number, index, at, verdict, reasons } = latest;
      const { length, width, height } = latest.dimensions;
      const edges = [length, width, height].map(millimetres);
      return {
        item,
        count,
        flagged,
        latest: {
          gateway: nameOf(lane),
          number,
          index,
          at,
          massGrams: massGrams(latest.mass),
          dimensionsMm: edges,
          verdict,
          reasons,
        },
        history: history.map(({ lane: by, ...sighting }) => ({ gateway: nameOf(by), ...sighting })),
        // Statements of dispute are not made yet; the flagged sightings are in the history.
        disputes: [],
      };
    },
  );
}

const millimetres = (metres: Decimal): number => Number(formatDecimal({ ...metres, exponent: metres.exponent + 3 }));

function placeOf(
  port: ApiPort,
  { gateway, number }: { gateway: string; number: string },
): { lane: number; number: number } {
  const lane = port.site.gateways.findIndex(({ name }) => name === gateway);
  if (lane === -1) throw new Problem("unknown-measurement", `site ${port.site.site} has no gateway ${gateway}`);
  return { lane, number: Number(number) };
}

function unknownMeasurement({ gateway, number }: { gateway: string; number: string }): Problem {
  return new Problem("unknown-measurement", `${gateway} has no measurement ${number} that is known here`);
}
