import { GATEWAY_ENVIRONMENT, GATEWAY_FLAGS } from "./process.ts";

/** U2: nothing more can be done for this process. */
export const isLaunched = (): boolean =>
  GATEWAY_FLAGS.every((flag) => process.execArgv.includes(flag)) || process.channel !== undefined || !canReplace();

const canReplace = (): boolean => process.execve !== undefined && process.platform !== "win32";

/** Does not return. `script` is run with the arguments of this process. */
export function replaceProcess(script: string): void {
  const args = [process.execPath, ...GATEWAY_FLAGS, ...process.execArgv, script, ...process.argv.slice(2)];
  process.execve?.(process.execPath, args, { ...process.env, ...GATEWAY_ENVIRONMENT });
}
