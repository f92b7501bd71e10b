import { createServer } from "node:net";
import { GatewayFailure, causeOf } from "../config/index.ts";

const HOST = "127.0.0.1";

/** Throws PORT_BUSY naming the first port that another program listens on. */
export async function checkPortsFree(ports: readonly { readonly port: number; readonly use: string }[]): Promise<void> {
  for (const { port, use } of ports) {
    const cause = await busyCause(port);
    if (cause === "EADDRINUSE") throw new GatewayFailure("PORT_BUSY", { host: HOST, port, use });
    if (cause !== null) throw new GatewayFailure("ADDRESS_UNUSABLE", { host: HOST, port, use, cause });
  }
}

/** Null when this user can listen on the port now, else the error's code. */
export function busyCause(port: number, host = HOST): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve(causeOf(error)));
    server.listen(port, host, () => server.close(() => resolve(null)));
  });
}
