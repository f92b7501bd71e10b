import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ApiPort } from "./port.ts";
import { Problem } from "./problems.ts";
import { checkToken } from "./routes-submit.ts";
import * as schemas from "./schemas.ts";

/** H11: what a person has to say of a device. */
export function registerDevices(app: FastifyInstance, port: ApiPort): void {
  app.post<{ Params: { id: string } }>(
    "/v1/devices/:id/acknowledgements",
    {
      // Before the body is parsed: a stranger buys no work.
      onRequest: async (request: FastifyRequest) => checkToken(request, port.token),
      schema: {
        security: [{ token: [] }],
        params: schemas.deviceId,
        response: { 200: schemas.device, 401: schemas.problem, 404: schemas.problem },
      },
    },
    async ({ params: { id } }) => {
      const device = port.acknowledge(id);
      if (device === null) throw new Problem("unknown-device", `this gateway has no device ${id}; see /v1/status`);
      return device;
    },
  );
}
