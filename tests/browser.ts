/** Tests in a real browser: Debian's Chromium without a screen, driven by Playwright, with WebGL2 in software. */
import { assertEquals } from "@std/assert";
import { type Browser, chromium, type Page } from "playwright-core";
import { LEFT_TO_ALL, testUnless } from "./test_unless.ts";

/** Debian's package `chromium` puts it there. */
const CHROMIUM = "/usr/bin/chromium";

const FLAGS = [
  ...["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
];

/** Documents that are asked for to find out which version of Zarr an image is of: browsers report those that are not there. */
const METADATA = /\/(zarr\.json|\.z(array|group|attrs|metadata))$/;

/** Side of the window; narrow enough for quick pictures in software. */
const WINDOW = { width: 1000, height: 640 };

const isThere = await Deno.stat(CHROMIUM).then(() => true, () => false);
const missing = LEFT_TO_ALL ?? (isThere ? undefined : `no ${CHROMIUM}: apt-get install chromium`);
const required = Deno.env.get("CLEARSTACK_REQUIRE_BROWSER") === "1" && LEFT_TO_ALL === undefined;

/** Has Chromium offer WebGPU, in software, by Dawn and SwiftShader. */
const WEBGPU_FLAGS = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];

const NO_FLAGS: readonly string[] = [];

/** Browsers by their further flags. */
const browsers = new Map<readonly string[], Promise<Browser>>();
globalThis.addEventListener("unload", () => {
  for (const browser of browsers.values()) void browser.then((one) => one.close());
});

function browserWith(flags: readonly string[]): Promise<Browser> {
  const browser = browsers.get(flags) ?? chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...flags] });
  browsers.set(flags, browser);
  return browser;
}

/** Longest wait for anything, milliseconds: other tests run beside these. */
const PATIENCE = 60_000;

/** Choices of a test. */
interface BrowserTestOptions {
  /** @default {"light"} */
  readonly colorScheme?: "light" | "dark";
  readonly size?: { readonly width: number; readonly height: number };
  /** Messages of the console that are no fault here, such as of a request that is to fail. @default {none} */
  readonly expected?: RegExp;
  /** True for a browser that offers WebGPU. @default {false} */
  readonly webgpu?: boolean;
  /** What else the test needs and there is not. @default {nothing} */
  readonly missing?: string | undefined;
}

/**
 * Registers a test on a page of its own. What the page writes to the console as an error fails it.
 * CLEARSTACK_REQUIRE_BROWSER=1 makes a missing browser a failure.
 */
export function browserTest(
  name: string,
  fn: (page: Page) => Promise<void>,
  { colorScheme = "light", size = WINDOW, expected, webgpu = false, missing: also }: BrowserTestOptions = {},
): void {
  const run = async () => {
    const browser = await browserWith(webgpu ? WEBGPU_FLAGS : NO_FLAGS);
    // Colors that are on their way from one to the other have any contrast.
    const context = await browser.newContext({ viewport: size, colorScheme, reducedMotion: "reduce" });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE);
    const faults: string[] = [];
    page.on("console", (message) => {
      const isProbe = /status of 404/.test(message.text()) && METADATA.test(message.location().url);
      if (/^(error|warning)$/.test(message.type()) && !isProbe) faults.push(message.text());
    });
    page.on("pageerror", (error) => faults.push(String(error)));
    try {
      await fn(page);
      assertEquals(faults.filter((fault) => expected === undefined || !expected.test(fault)), []);
    } finally {
      await context.close();
    }
  };
  // Browsers are shared, and outlive the tests that started them.
  testUnless(missing ?? also, { name, fn: run, sanitizeOps: false, sanitizeResources: false }, required);
}

/** True where browser tests run, so that what they need is made. */
export const HAS_BROWSER = missing === undefined;
