import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unpackReceipt } from "../../ledger/receipt/index.ts";
import { readArguments } from "./arguments.ts";

/** `tallystick unpack`: exit code 1 when the file is no receipt. */
export async function unpack(argv: readonly string[]): Promise<number> {
  const { positionals } = readArguments("unpack", argv, {}, ["FILE", "DIR"]);
  const [file = "", dir = ""] = positionals;
  const unpacked = unpackReceipt(new Uint8Array(await readFile(file)));
  if (unpacked.kind === "reject") {
    process.stderr.write(`tallystick: ${file} is not a receipt: ${unpacked.reason}\n`);
    return 1;
  }
  await mkdir(dir, { recursive: true });
  for (const [name, bytes] of Object.entries(unpacked.files)) {
    await writeFile(join(dir, name), bytes);
    process.stdout.write(`${join(dir, name)}: ${bytes.length} bytes\n`);
  }
  return 0;
}
