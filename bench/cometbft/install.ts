import { spawn } from "node:child_process";
import { access, mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { Impossible } from "../impossible.ts";

const VERSION = "v0.38.25";
const MODULE = `github.com/cometbft/cometbft/cmd/cometbft@${VERSION}`;
const PATIENCE_MS = 900_000;

/** The binary, built by Go into the user's cache directory on first use. Throws Impossible. */
export async function installCometbft(): Promise<string> {
  const dir = join(
    process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
    "tallystick-bench",
    `cometbft-${VERSION}`,
  );
  const binary = join(dir, "cometbft");
  if (await exists(binary)) return binary;
  await mkdir(dir, { recursive: true });
  process.stderr.write(`bench: building CometBFT ${VERSION} into ${dir}\n`);
  const failure = await goInstall(dir);
  if (failure !== null)
    throw new Impossible(`CometBFT ${VERSION} cannot be built (${failure}), and nothing was compared`);
  return binary;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Null, or why not. */
function goInstall(dir: string): Promise<string | null> {
  return new Promise((resolve) => {
    const go = spawn("go", ["install", MODULE], {
      env: { ...process.env, GOBIN: dir, CGO_ENABLED: "0" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const impatience = setTimeout(() => go.kill(), PATIENCE_MS);
    let said = "";
    go.stderr.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-2_000)));
    go.once("error", () => {
      clearTimeout(impatience);
      resolve("Go is not installed");
    });
    go.once("close", (code) => {
      clearTimeout(impatience);
      const last = said.trim().split("\n").at(-1) ?? "";
      resolve(code === 0 ? null : `go install ended with ${code}: ${last.slice(0, 300)}`);
    });
  });
}
