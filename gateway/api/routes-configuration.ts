import type { FastifyInstance, FastifyRequest } from "fastify";
import { parseSite } from "../../ledger/management/index.ts";
import type { ApiPort } from "./port.ts";
import { Problem } from "./problems.ts";
import { checkToken } from "./routes-submit.ts";
import * as schemas from "./schemas.ts";

/** A configuration of some thousand devices. */
const BODY_BYTES = 1024 * 1024;

/** H10: the operator of this gateway proposes configurations and approves of them; a quorum of gateways decides. */
export function registerConfiguration(app: FastifyInstance, port: ApiPort): void {
  const guarded = {
    bodyLimit: BODY_BYTES,
    // Before the body is parsed: a stranger buys no work.
    onRequest: async (request: FastifyRequest) => checkToken(request, port.token),
  };
  const schema = { security: [{ token: [] }], response: { 200: schemas.configuration, 422: schemas.problem } };

  app.get("/v1/configuration", { schema: { response: { 200: schemas.configuration } } }, async () =>
    port.configuration(),
  );
  app.post("/v1/configuration/successors", { ...guarded, schema }, async ({ body }) => {
    const parsed = parseSite(body);
    if (parsed.kind === "reject") throw refused(parsed.reason);
    const fault = await port.propose(parsed.site);
    if (fault !== null) throw refused(fault);
    return port.configuration();
  });
  app.post<{ Body: { configHash: string } }>(
    "/v1/configuration/approvals",
    { ...guarded, schema: { ...schema, body: schemas.approval } },
    async ({ body }) => {
      const fault = await port.approve(body.configHash);
      if (fault !== null) throw refused(fault);
      return port.configuration();
    },
  );
}

function refused(reason: string): Problem {
  return new Problem("wrong-field", `the configuration cannot be agreed on: ${reason}`, { field: "configuration" });
}
