/** The scales of the fleet benchmark, as a process of their own. Arguments: how many, and ms between two frames of one. */
import { dialects, startScale } from "../../firmware-sim/index.ts";
import type { FleetPlace } from "./fleet.ts";

const [count, outputMs] = process.argv.slice(2).map(Number);
const protocols = [...dialects.keys()];
const places: FleetPlace[] = [];
for (let index = 0; index < (count ?? 0); index++) {
  const protocol = protocols[index % protocols.length] ?? "mt-sics";
  const scale = await startScale({ protocol, outputMs: outputMs ?? 50, line: { kind: "tcp", port: 0 } });
  scale.load(1_000 + 10 * index);
  places.push({ protocol, port: scale.port ?? 0 });
}
process.send?.(places);
process.on("disconnect", () => process.exit(0));
