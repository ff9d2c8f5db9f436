// Takes pictures of the built page in three sizes, light and dark, in each of its states, into tests/shots.
// `node dev/shots.mjs [state ...]`; the states are arriving, draft, running and done.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { serve } from "../tests/serve.mjs";

const SIZES = { phone: [390, 844], laptop: [1280, 800], wide: [1920, 1080] };
const SHOTS = fileURLToPath(new URL("../tests/shots/", import.meta.url));
const asked = process.argv.slice(2);
const wanted = (state) => asked.length === 0 || asked.includes(state);
mkdirSync(SHOTS, { recursive: true });
const { address, close } = await serve();
const browser = await chromium.launch({ executablePath: process.env.STUDIO_BROWSER ?? "/usr/bin/chromium" });
for (const [name, [width, height]] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"]) {
    const phone = name === "phone";
    const screen = { viewport: { width, height }, colorScheme, hasTouch: phone, isMobile: phone };
    const context = await browser.newContext(screen);
    const page = await context.newPage();
    page.on("console", (m) => m.type() === "error" && console.log(m.text()));
    page.on("pageerror", (e) => console.log(e.message));
    const path = (state) => `${SHOTS}${name}-${colorScheme}-${state}.png`;
    const shot = async (state, fullPage = false) => wanted(state) && page.screenshot({ path: path(state), fullPage });
    await page.goto(address);
    await page.getByAltText(/^Content: /).waitFor();
    await shot("arriving");
    await page.getByRole("button", { name: "Save PNG" }).and(page.locator(":enabled")).waitFor({ timeout: 120_000 });
    await shot("draft");
    if (phone) await shot("draft-all", true);
    if (wanted("running") || wanted("done")) {
      await page.getByRole("radio", { name: "256" }).check({ force: true });
      await page.getByRole("button", { name: "Run", exact: true }).click();
      await page.getByRole("img", { name: "The picture so far" }).waitFor({ timeout: 120_000 });
      await shot("running");
      await page
        .getByAltText(/^Result: /)
        .first()
        .waitFor({ timeout: 300_000 });
      await shot("done");
    }
    await context.close();
  }
}
await browser.close();
close();
