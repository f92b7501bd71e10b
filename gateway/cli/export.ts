import { once } from "node:events";
import { join } from "node:path";
import { openStoreReadOnly } from "../../ledger/store/index.ts";
import { nearestName } from "../config/index.ts";
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
  const store = openStoreReadOnly(join(config.dir, config.settings.store.path));
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
  } finally {
    store.close();
  }
  return 0;
}

/** E4: a slow reader of the pipe is waited for. */
async function write(text: string): Promise<void> {
  if (text !== "" && !process.stdout.write(text)) await once(process.stdout, "drain");
}

function formatName(text: string): ExportFormatName {
  const known = EXPORT_FORMATS.find((name) => name === text);
  if (known !== undefined) return known;
  const near = nearestName(text, EXPORT_FORMATS);
  throw new UsageError(
    `--format is "${text}", but must be one of ${EXPORT_FORMATS.join(", ")}${near === null ? "" : `; did you mean ${near}?`}`,
  );
}
