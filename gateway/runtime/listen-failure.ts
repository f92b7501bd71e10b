import { causeOf, GatewayFailure } from "../config/index.ts";

/** What a failed listen means to the person who started the gateway. */
export function listenFailure(error: unknown, host: string, port: number, use: string): Error {
  if (error instanceof GatewayFailure) return error;
  const cause = causeOf(error);
  return cause === "EADDRINUSE"
    ? new GatewayFailure("PORT_BUSY", { host, port, use })
    : new GatewayFailure("ADDRESS_UNUSABLE", { host, port, use, cause });
}
