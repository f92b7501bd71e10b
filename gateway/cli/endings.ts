import { causeOf } from "../config/index.ts";
import { UsageError } from "./arguments.ts";

/** Our failures carry a `remedy` and a message that is one sentence for a person. */
const isOurs = (error: unknown): error is Error =>
  error instanceof Error && ("remedy" in error || error instanceof UsageError || error.name === "ProcessEnded");

/** L1: somebody must change something before the same command can do better. */
export function isRefusal(error: unknown): boolean {
  return isOurs(error) || (error instanceof Error && "syscall" in error);
}

/** L2: one sentence. Only a bug shows its stack, because there the stack is the sentence that helps. */
export function sentenceOf(error: unknown): string {
  if (isOurs(error)) return error.message;
  if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") {
    const port = "port" in error ? ` ${String(error.port)}` : "";
    return `port${port} is in use by another program; choose another port, or end that program`;
  }
  if (error instanceof Error && "syscall" in error) {
    const path = "path" in error ? ` ${String(error.path)}` : "";
    return `${String(error.syscall)}${path} failed (${causeOf(error)}); check that it exists and that this user may use it`;
  }
  return error instanceof Error ? `this is a bug, please report it: ${error.stack ?? error.message}` : String(error);
}
