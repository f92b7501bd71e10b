import { openStoreReadOnly } from "../../ledger/store/index.ts";
import { causeOf, nearestName, storePathOf } from "../config/index.ts";
import { EXPORT_FORMATS, exportFormat, type ExportFormatName } from "../export/index.ts";
import { needed, readArguments, UsageError, wholeNumber } from "./arguments.ts";
import { gatewayDirOf } from "./gateway-dir.ts";

const PAGE = 1_000;

/** `tallystick export`: from the disk, beside a running gateway or without one. */
export async function exportStatements(argv: readonly string[]): Promise<number> {
  const { options } = readArguments("export", argv, { dir: "text", after: "text", format: "text" });
  const config = await gatewayDirOf(needed("export", "dir", options.dir));
  const format = exportFormat(formatName(options.format ?? "jsonl"), config.site);
  let after = wholeNumber("after", options.after, -1, 0, Number.MAX_SAFE_INTEGER);
  const store = openStoreReadOnly(storePathOf(config));
  // The error comes to whoever writes, too.
  process.stdout.on("error", () => undefined);
  try {
    await write(format.head);
    let first = true;
    for (let page = store.statementsAfter(after, PAGE); page.length > 0; page = store.statementsAfter(after, PAGE)) {
      let text = "";
      for (const final of page) {
        text += format.line(final, first);
        first = false;
        after = final.index;
      }
      await write(text);
    }
    await write(format.tail);
  } catch (error) {
    // Whoever reads has enough ("| head"): nothing is wrong.
    if (causeOf(error) !== "EPIPE") throw error;
  } finally {
    store.close();
  }
  return 0;
}

/** E4: a slow reader of the pipe is waited for. */
function write(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error instanceof Error ? reject(error) : resolve()));
  });
}

function formatName(text: string): ExportFormatName {
  const known = EXPORT_FORMATS.find((name) => name === text);
  if (known !== undefined) return known;
  const near = nearestName(text, EXPORT_FORMATS);
  throw new UsageError(
    `--format is "${text}", but must be one of ${EXPORT_FORMATS.join(", ")}${near === null ? "" : `; did you mean ${near}?`}`,
  );
}
