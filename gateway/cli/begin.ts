import { flushCompileCache } from "node:module";
import { isLaunched, isWarmingUp, noteWarm, replaceProcess, warmUp } from "../launch/index.ts";

/** U2, U3: does not return when this process is replaced by one that is a gateway's from its beginning, or was started to fill the cache. */
export async function begin(script: string): Promise<void> {
  if (isWarmingUp()) {
    await loadGateway();
    flushCompileCache();
    noteWarm();
    process.exit();
  }
  if (isLaunched()) return;
  await warmUp(script);
  replaceProcess(script);
}

/** What a gateway loads at its start or soon after, in its own thread and in the store's. */
async function loadGateway(): Promise<void> {
  await Promise.all([
    import("./endings.ts"),
    import("./main.ts"),
    import("./run.ts"),
    import("../../ledger/peers/tls-identity.ts"),
    import("../../ledger/store/store-thread.ts"),
  ]);
}
