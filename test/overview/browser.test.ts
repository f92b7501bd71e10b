/** O9 in a real browser. Needs Chromium: on a machine without one these tests are skipped, and said to be. */
import type { AddressInfo } from "node:net";
import test from "ava";
import { fastify } from "fastify";
import { registerOverview } from "../../gateway/overview/index.ts";
import { chromiumPath, type Look, openPage, type Page } from "./chromium.ts";
import { type FakeGateway, measurementOf, SITE, startFakeGateway, statusOf } from "./fake-gateway.ts";

const NAMES = ["gw-1", "gw-2", "gw-3", "gw-4"];
const DESK: Look = { width: 1300, height: 900, dark: false, still: false };
const chromium = chromiumPath();
const inBrowser = chromium === null ? test.skip : test.serial;

const measurements = [
  measurementOf(0),
  measurementOf(1, { item: '<img src=x onerror="document.title=1">', gateway: "gw-2" }),
  measurementOf(2, { item: "x".repeat(64), verdict: "flag", reasons: ["above-interval"], massGrams: "90000" }),
];

async function open(
  t: { teardown: (run: () => Promise<void>) => void },
  look: Look,
): Promise<{ page: Page; gateways: readonly FakeGateway[] }> {
  const gateways = await Promise.all(
    NAMES.map(async (name) =>
      startFakeGateway(name, statusOf(name, NAMES, { statements: measurements.length }), measurements),
    ),
  );
  const app = fastify();
  registerOverview(app, { site: SITE, gateways });
  await app.listen({ port: 0, host: "127.0.0.1" });
  t.teardown(async () => {
    await app.close();
    await Promise.all(gateways.map(async (gateway) => gateway.close()));
  });
  const { port } = app.server.address() as AddressInfo;
  const page = await openPage(chromium ?? "chromium", `http://127.0.0.1:${port}/`, look);
  t.teardown(page.close);
  await page.until(`document.querySelectorAll("#measurement-rows tr").length === ${measurements.length}`);
  return { page, gateways };
}

inBrowser("the page shows the site without one complaint of the browser, and hostile text stays text", async (t) => {
  const { page } = await open(t, DESK);
  t.is(await page.evaluate(`document.getElementById("headline").textContent`), "4 of 4 gateways agree");
  t.is(await page.evaluate(`document.title`), "harbour-7: 4 of 4 gateways agree");
  t.is(await page.evaluate(`document.querySelectorAll("#measurement-rows img").length`), 0);
  t.is(await page.evaluate(`document.querySelectorAll("#measurement-rows th")[1].textContent`), measurements[1]?.item);
  t.deepEqual(page.complaints(), []);
});

inBrowser("O9: a gateway that is killed is named in words, and its links turn red in words too", async (t) => {
  const { page, gateways } = await open(t, DESK);
  await gateways[1]?.close();
  await page.until(`document.getElementById("headline").textContent.startsWith("3 of 4: gw-2 is away")`);
  t.is(await page.evaluate(`document.querySelector('[data-standing="gone"] .badge').textContent`), "away");
});

inBrowser("O9: a receipt's check opens, reads and closes by keyboard, and the focus comes back", async (t) => {
  const { page } = await open(t, DESK);
  await page.evaluate(`document.querySelector("#measurement-rows tr:last-child button").focus()`);
  await page.press("Enter");
  await page.until(`document.getElementById("check").open`);
  t.regex(
    String(await page.evaluate(`document.getElementById("check-steps").textContent`)),
    /tallystick verify gw-1-0\.receipt --site SITE\.json/,
  );
  await page.press("Escape");
  await page.until(`!document.getElementById("check").open`);
  t.is(await page.evaluate(`document.activeElement.getAttribute("aria-label")`), "Check parcel-0, gw-1/0");
});

inBrowser("O9: nothing sticks out at phone width, whatever the items are called", async (t) => {
  const { page } = await open(t, { width: 360, height: 740, dark: true, still: true });
  t.is(await page.evaluate(`document.documentElement.scrollWidth`), 360);
});

inBrowser("O9: nothing moves for those who ask for reduced motion", async (t) => {
  const { page } = await open(t, { ...DESK, still: true });
  t.is(await page.evaluate(`document.getAnimations().length`), 0);
});

inBrowser("O2: a paused page asks nothing until it is resumed", async (t) => {
  const { page, gateways } = await open(t, DESK);
  await page.evaluate(`document.getElementById("pause").click()`);
  await page.evaluate(`new Promise((resolve) => setTimeout(resolve, 1200))`);
  const asked = gateways[0]?.asked();
  await page.evaluate(`new Promise((resolve) => setTimeout(resolve, 2200))`);
  t.is(gateways[0]?.asked(), asked);
  await page.evaluate(`document.getElementById("pause").click()`);
  await page.until(`document.getElementById("pause").textContent === "Pause"`);
  t.is(await page.evaluate(`document.getElementById("pause").getAttribute("aria-pressed")`), "false");
});

for (const dark of [false, true]) {
  inBrowser(`O9: every text keeps a contrast of 4.5 to 1 ${dark ? "in the dark" : "in the light"}`, async (t) => {
    const { page, gateways } = await open(t, { ...DESK, dark, still: true });
    await gateways[1]?.close();
    gateways[2]?.say(
      statusOf("gw-3", NAMES, { refusals: [{ lane: "gw-4", number: 3, by: "gw-3", reason: "no such device" }] }),
    );
    await page.until(
      `!document.getElementById("alarms").hidden && document.querySelector('[data-standing="gone"]') !== null`,
    );
    t.deepEqual(await page.evaluate(`(${pale.toString()})()`), []);
  });
}

/** Runs in the page: the texts whose colour is too close to the ground they stand on. */
function pale(): unknown {
  const page = globalThis as unknown as {
    document: { querySelectorAll: (selector: string) => Iterable<PageElement> };
    getComputedStyle: (element: PageElement) => { color: string; backgroundColor: string };
  };
  type PageElement = {
    parentElement: PageElement | null;
    childNodes: Iterable<{ nodeType: number; textContent: string }>;
    textContent: string;
  };
  const channels = (colour: string): number[] => (colour.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = (colour: string): number =>
    channels(colour)
      .slice(0, 3)
      .map((value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4))
      .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index]!, 0);
  const groundOf = (element: PageElement | null): string => {
    for (let at = element; at !== null; at = at.parentElement) {
      const { backgroundColor } = page.getComputedStyle(at);
      if (channels(backgroundColor)[3] !== 0) return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  return [...page.document.querySelectorAll("body *")]
    .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== ""))
    .map((element) => {
      const [light, dark] = [luminance(page.getComputedStyle(element).color), luminance(groundOf(element))].sort(
        (a, b) => b - a,
      );
      return { text: element.textContent.trim().slice(0, 40), contrast: (light! + 0.05) / (dark! + 0.05) };
    })
    .filter(({ contrast }) => contrast < 4.5);
}
