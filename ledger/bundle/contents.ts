import { decodeStatement, type Statement } from "../statement/index.ts";
import type { BundleHeader } from "./bundle.ts";

/** L3: strict decode, contiguous numbers, time order inside the bundle. A text is the reason for refusal. */
export function readStatements(header: BundleHeader, bodies: readonly Uint8Array[]): readonly Statement[] | string {
  const statements: Statement[] = [];
  for (const [offset, body] of bodies.entries()) {
    const decoded = decodeStatement(body);
    if (decoded.kind === "reject") return `statement ${header.first + offset}: ${decoded.reason}`;
    const { statement } = decoded;
    if (statement.number !== header.first + offset)
      return `statement ${header.first + offset} says that it is number ${statement.number}`;
    const before = statements.at(-1);
    if (before !== undefined && statement.measurement.at < before.measurement.at)
      return `statement ${statement.number} is older than the one before it`;
    if (statement.measurement.at > header.created) return `statement ${statement.number} is younger than its bundle`;
    statements.push(statement);
  }
  return statements;
}
