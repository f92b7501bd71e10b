#!/usr/bin/env node
import { isRefusal, sentenceOf } from "./endings.ts";
import { main } from "./main.ts";

// L1: 0 done, 1 the answer is no, 2 wrong usage, configuration or surroundings.
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`tallystick: ${sentenceOf(error)}\n`);
  process.exitCode = isRefusal(error) ? 2 : 1;
  // A failed start may leave a handle of a library open; nothing is to be saved any more.
  process.exit();
}
