/**
 * `node bench/committee-plot.ts`: draws docs/images/committees.svg from docs/committees.jsonl, one line of JSON for each run of
 * `npm run bench -- committee`, and prints the tables of docs/committees.md. What they show and how it was measured is said there.
 */
import { readFileSync, writeFileSync } from "node:fs";

type Run = {
  readonly gateways: number;
  readonly network: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly sumOfOneWayDelaysMs: number;
  readonly ratio: number;
  readonly messagesPerCut: number;
  readonly messagesPerCutBound: number;
  readonly disseminationPerBundle: number;
  readonly disseminationPerBundleBound: number;
  readonly checkpointMessagesPerCut: number;
  readonly bytesPerGatewayPerCut: number;
  readonly cpuShare: { readonly mean: number };
};

type Line = {
  readonly label: string;
  readonly colour: string;
  readonly dashed: boolean;
  readonly points: readonly (readonly [number, number])[];
};

type Panel = { readonly title: string; readonly ticks: readonly number[]; readonly lines: readonly Line[] };

const SIZES = [4, 16, 31, 64, 100, 250, 500];
const PANEL = { width: 330, height: 300, left: 56, top: 46, gap: 70 } as const;
const [BLUE, ORANGE, GREY] = ["#1f6fb4", "#c8590b", "#777777"] as const;

const file = (path: string) => new URL(`../docs/${path}`, import.meta.url);
const runs = readFileSync(file("committees.jsonl"), "utf8")
  .split("\n")
  .filter((line) => line.trim() !== "")
  .map((line) => JSON.parse(line) as Run)
  .toSorted((a, b) => a.gateways - b.gateways);
writeFileSync(file("images/committees.svg"), draw(panelsOf(runs)));
for (const network of ["continent", "global"]) process.stdout.write(`${network}\n${tableOf(network)}\n\n`);

function tableOf(network: string): string {
  const rows = runs
    .filter((run) => run.network === network)
    .map((run) => [
      run.gateways,
      run.p50Ms,
      run.p99Ms,
      run.sumOfOneWayDelaysMs,
      run.ratio.toFixed(2),
      `${Math.round(run.messagesPerCut)} of ${Math.round(run.messagesPerCutBound)}`,
      `${run.disseminationPerBundle} of ${run.disseminationPerBundleBound}`,
      Math.round(run.checkpointMessagesPerCut),
      Math.round(run.bytesPerGatewayPerCut / 1024),
      `${(100 * run.cpuShare.mean).toFixed(1)} %`,
    ]);
  return rows.map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function panelsOf(all: readonly Run[]): readonly Panel[] {
  const on = (network: string, value: (run: Run) => number): Line["points"] =>
    all.filter((run) => run.network === network).map((run) => [run.gateways, value(run)]);
  const curve = (value: (gateways: number) => number): Line["points"] => SIZES.map((size) => [size, value(size)]);
  const line = (label: string, colour: string, points: Line["points"], dashed = false) => ({
    label,
    colour,
    dashed,
    points,
  });
  return [
    {
      title: "Agreement messages per cut",
      ticks: [10, 100, 1_000, 10_000, 100_000, 1_000_000],
      lines: [
        line(
          "measured",
          BLUE,
          on("continent", ({ messagesPerCut }) => messagesPerCut),
        ),
        line(
          "bound: 10 n log2 n",
          ORANGE,
          curve((n) => 10 * n * Math.log2(n)),
          true,
        ),
        line(
          "if all told all: 2 n²",
          GREY,
          curve((n) => 2 * n * n),
          true,
        ),
      ],
    },
    {
      title: "Messages per bundle until it is certified",
      ticks: [10, 100, 1_000, 10_000, 100_000, 1_000_000],
      lines: [
        line(
          "measured",
          BLUE,
          on("continent", ({ disseminationPerBundle }) => disseminationPerBundle),
        ),
        line(
          "bound: 3 n",
          ORANGE,
          curve((n) => 3 * n),
          true,
        ),
        line(
          "if all told all: n²",
          GREY,
          curve((n) => n * n),
          true,
        ),
      ],
    },
    {
      title: "Accepted to final, ms",
      ticks: [20, 50, 100, 200, 500, 1_000, 2_000, 5_000],
      lines: [
        line(
          "continent, median",
          BLUE,
          on("continent", ({ p50Ms }) => p50Ms),
        ),
        line(
          "its one-way delays alone",
          BLUE,
          on("continent", ({ sumOfOneWayDelaysMs }) => sumOfOneWayDelaysMs),
          true,
        ),
        line(
          "global, median",
          ORANGE,
          on("global", ({ p50Ms }) => p50Ms),
        ),
        line(
          "its one-way delays alone",
          ORANGE,
          on("global", ({ sumOfOneWayDelaysMs }) => sumOfOneWayDelaysMs),
          true,
        ),
      ],
    },
  ];
}

function draw(panels: readonly Panel[]): string {
  const width = panels.length * (PANEL.width + PANEL.gap) + 20;
  const height = PANEL.top + PANEL.height + 50;
  const style = "font-family: system-ui, sans-serif; font-size: 12px";
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" style="${style}">`,
    `<title>Committees of 4 to 500 gateways: messages and latency</title>`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...panels.map((panel, index) => drawPanel(panel, PANEL.left + index * (PANEL.width + PANEL.gap))),
    "</svg>",
    "",
  ].join("\n");
}

/** Both axes are logarithmic. */
function drawPanel({ title, ticks, lines }: Panel, left: number): string {
  const across = scale(SIZES[0] ?? 1, SIZES.at(-1) ?? 1, left, left + PANEL.width);
  const up = scale(ticks[0] ?? 1, ticks.at(-1) ?? 1, PANEL.top + PANEL.height, PANEL.top);
  const text = (x: number, y: number, words: string, anchor = "middle", colour = "#222222") =>
    `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="${colour}">${words}</text>`;
  const rule = (x1: number, y1: number, x2: number, y2: number) =>
    `<path d="M${round(x1)} ${round(y1)}L${round(x2)} ${round(y2)}" stroke="#dddddd"/>`;
  const bottom = PANEL.top + PANEL.height;
  return [
    `<g><text x="${left}" y="${PANEL.top - 18}" font-weight="600" fill="#222222">${title}</text>`,
    ...SIZES.map(
      (size) => rule(across(size), PANEL.top, across(size), bottom) + text(across(size), bottom + 18, `${size}`),
    ),
    ...ticks.map(
      (tick) => rule(left, up(tick), left + PANEL.width, up(tick)) + text(left - 6, up(tick) + 4, short(tick), "end"),
    ),
    text(left + PANEL.width / 2, bottom + 38, "gateways n"),
    ...lines.map((line, index) => {
      const shape = line.points.map(([x, y]) => `${round(across(x))} ${round(up(y))}`).join("L");
      const marks = line.dashed
        ? ""
        : line.points
            .map(([x, y]) => `<circle cx="${round(across(x))}" cy="${round(up(y))}" r="3" fill="${line.colour}"/>`)
            .join("");
      const legendY = PANEL.top + 16 + 17 * index;
      const dash = line.dashed ? ' stroke-dasharray="5 4"' : "";
      return [
        `<path d="M${shape}" fill="none" stroke="${line.colour}" stroke-width="2"${dash}/>${marks}`,
        `<path d="M${left + 10} ${legendY - 4}h22" stroke="${line.colour}" stroke-width="2"${dash}/>`,
        text(left + 38, legendY, line.label, "start", line.colour),
      ].join("\n");
    }),
    "</g>",
  ].join("\n");
}

function scale(from: number, to: number, start: number, end: number): (value: number) => number {
  return (value) => start + ((Math.log(value) - Math.log(from)) / (Math.log(to) - Math.log(from))) * (end - start);
}

function short(value: number): string {
  if (value >= 1_000_000) return `${value / 1_000_000} M`;
  return value >= 1_000 ? `${value / 1_000} k` : `${value}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
