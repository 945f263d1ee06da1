/** What keeps somebody from using a page: faults that axe-core finds, and controls that the Tab key does not reach. */
import { assert } from "@std/assert";
import axe, { type AxeResults } from "axe-core";
import type { Page } from "playwright-core";

/** What axe-core finds that keeps somebody from using the page. */
export async function seriousFaults(page: Page): Promise<string[]> {
  // As the page's policy has it, no script is added to it: the debugger evaluates this one.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<AxeResults>("axe.run()");
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

/** Controls of a page, and those of them that Tab reaches; fails where the focus is not shown. */
export async function tabbedControls(page: Page): Promise<{ readonly controls: number; readonly reached: number }> {
  // Of radio buttons, Tab reaches the chosen one, and arrow keys the others.
  const controls = await page.evaluate<number>(`
    [...document.querySelectorAll("button, input, select, summary, a, canvas, [tabindex='0']")]
      .filter((one) => one.checkVisibility() && !one.disabled && (one.type !== "radio" || one.checked))
      .map((one, index) => one.setAttribute("data-control", index)).length
  `);
  const reached = new Set<string>();
  for (let press = 0; press < 2 * controls && reached.size < controls; press++) {
    await page.keyboard.press("Tab");
    const [name, isShown] = await page.evaluate<[string | null, boolean]>(`[
      document.activeElement.getAttribute("data-control"),
      document.activeElement === document.body || document.activeElement.matches(":focus-visible"),
    ]`);
    if (name !== null) reached.add(name);
    assert(isShown, `control ${name} does not show its focus`);
  }
  return { controls, reached: reached.size };
}
