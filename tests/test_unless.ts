/** Tests that are skipped by a name that says why. */
import { fail } from "@std/assert";

/** True with `deno task test:all`, which CI runs: tests that take seconds run as well. */
export const TESTS_ALL = Deno.env.get("CLEARSTACK_TEST_ALL") === "1";

/** Why tests that take seconds are skipped, if they are. */
export const LEFT_TO_ALL = TESTS_ALL ? undefined : "slow: deno task test:all runs it";

/**
 * Registers a test. Where something is missing it is skipped, by a name that says what.
 *
 * @param missing what is missing, or undefined if nothing is
 * @param required makes what is missing a failure
 */
export function testUnless(missing: string | undefined, test: Deno.TestDefinition, required = false): void {
  if (missing === undefined) return Deno.test(test);
  Deno.test({ name: `${test.name} (${missing})`, ignore: !required, fn: () => fail(missing) });
}

/** Registers a test that takes seconds, since it starts many processes or computes much: `deno task test` skips it. */
export function slowTest(name: string, fn: () => Promise<void>): void {
  testUnless(LEFT_TO_ALL, { name, fn });
}
