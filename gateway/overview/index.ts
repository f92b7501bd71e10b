export type { OverviewOptions } from "./register.ts";
export { registerOverview } from "./register.ts";
