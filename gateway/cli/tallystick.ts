#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { fileURLToPath } from "node:url";
import { CODE_CACHE } from "../launch/process.ts";

// U5. Where it cannot be written, nothing is kept.
enableCompileCache(CODE_CACHE);
if (process.argv[2] === "run") {
  const { begin } = await import("./begin.ts");
  await begin(fileURLToPath(import.meta.url));
}
const { isRefusal, sentenceOf } = await import("./endings.ts");

// L1: 0 done, 1 the answer is no, 2 wrong usage, configuration or surroundings.
try {
  const { main } = await import("./main.ts");
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`tallystick: ${sentenceOf(error)}\n`);
  process.exitCode = isRefusal(error) ? 2 : 1;
  // A failed start may leave a handle of a library open; nothing is to be saved any more.
  process.exit();
}
