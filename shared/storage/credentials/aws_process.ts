/** Keys that a program prints: `credential_process` of the AWS command line. */
import { ClearstackError } from "shared/errors.ts";
import { type AwsKeys, keysFrom } from "./aws_keys.ts";
import { parseIdentity } from "./identity_request.ts";
import { isSwitchedOn, type StoreEnvironment } from "../store_environment.ts";

const LIMITS = { timeout: 60_000, maxBuffer: 2 ** 16, windowsHide: true };

/**
 * Runs the program of a profile by the system's shell, as AWS's own tools do, if CLEARSTACK_CREDENTIAL_PROCESS is on: reading a
 * file is no reason to run what it names.
 *
 * @throws {ClearstackError} `forbidden` if it may not run, fails, or prints no keys
 */
export async function processKeys(environment: StoreEnvironment, name: string, command: string): Promise<AwsKeys> {
  const program = `the credential_process of the AWS profile ${name}`;
  if (!isSwitchedOn(environment, "CLEARSTACK_CREDENTIAL_PROCESS")) {
    throw new ClearstackError("forbidden", `${program} is not run unless CLEARSTACK_CREDENTIAL_PROCESS=true`);
  }
  const { exec } = await import("node:child_process");
  const printed = await new Promise<string>((resolve, reject) => {
    // No cause: its message may hold what was printed.
    const failed = () =>
      new ClearstackError("forbidden", `no credentials: ${program} failed; run it by hand to see why`);
    try {
      exec(command, LIMITS, (error, stdout) => error === null ? resolve(stdout) : reject(failed()));
    } catch {
      reject(new ClearstackError("forbidden", `no credentials: this process may not run programs, such as ${program}`));
    }
  });
  return keysFrom(program, parseIdentity(program, printed));
}
