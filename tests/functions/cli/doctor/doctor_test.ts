import { countGpus } from "functions/cli/doctor/doctor_machine.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { advise, describe, type Findings } from "functions/cli/doctor/doctor.ts";
import { runCli } from "../run_cli.ts";
import { slowTest } from "../../../test_unless.ts";

slowTest("the doctor finds that the kernels of this machine are right", async () => {
  const { status, out } = await runCli(["doctor", "--json"]);
  const findings: Findings = JSON.parse(out);
  assertEquals([status, findings.usable], [0, true]);
  for (const { backend, usable, worstError } of findings.kernels) {
    // The bound that the doctor itself sets and derives.
    assert(usable && worstError! < 2e-5, `${backend}: ${worstError}`);
  }
  assert(findings.machine.cores > 0 && findings.machine.freeBytes > 0);
  assertEquals(findings.machine.temporaryFolder.problem, undefined);
  const words = describe(findings);
  for (const part of ["GPU", "backend", "memory", "kernels", "ready"]) assertStringIncludes(words, part);
});

/** A machine without a GPU whose CPU kernels work. */
const HEALTHY: Omit<Findings, "advice"> = {
  version: "1.0.0",
  machine: {
    deno: "2.9.6",
    system: "linux x86_64",
    cores: 2,
    memoryBytes: 2 ** 33,
    freeBytes: 2 ** 32,
    temporaryFolder: { path: "/tmp" },
    vulkan: { loader: true, drivers: ["/usr/share/vulkan/icd.d/some_icd.json"] },
  },
  adapter: { available: false, reason: "no adapter" },
  choice: { backend: "cpu", reason: "no adapter" },
  budget: { hostBytes: 2 ** 31, deviceBytes: 2 ** 31 },
  kernels: [{
    backend: "cpu",
    usable: true,
    adapter: "CPU",
    worstError: 3e-7,
    firstSeconds: 1,
    voxelIterationsPerSecond: 1e8,
  }],
  usable: true,
};

Deno.test("the doctor says what is missing for a GPU", () => {
  const withVulkan = (loader: boolean, drivers: string[]) =>
    advise({ ...HEALTHY, machine: { ...HEALTHY.machine, vulkan: { loader, drivers } } }).join();
  assertStringIncludes(withVulkan(false, []), "install libvulkan1");
  assertStringIncludes(withVulkan(true, []), "no driver");
  assertStringIncludes(withVulkan(true, ["/vulkan/icd.json"]), "(icd.json)");
});

Deno.test("the doctor tells kernels that do not run from kernels that are wrong", () => {
  const cpu = HEALTHY.kernels[0];
  const broken = {
    ...HEALTHY,
    usable: false,
    kernels: [{ backend: "cpu" as const, usable: false, problem: "no memory" }],
  };
  const wrong = { ...HEALTHY, usable: false, kernels: [{ ...cpu, usable: false, worstError: 0.25 }] };
  assertStringIncludes(advise(broken).join(), "do not run: no memory");
  assertStringIncludes(advise(wrong).join(), "wrong numbers (error 0.25");
  assertStringIncludes(describe({ ...wrong, advice: advise(wrong) }), "WRONG");
  assertStringIncludes(describe({ ...broken, advice: advise(broken) }), "not usable yet");
});

Deno.test("the doctor says what became of a large buffer, and what to mend where it was refused", () => {
  const told = (largeBuffer: Findings["largeBuffer"]) => {
    const findings = { ...HEALTHY, ...(largeBuffer ? { largeBuffer } : {}) };
    return { words: describe({ ...findings, advice: advise(findings) }), advice: advise(findings).join() };
  };
  assertEquals(told(undefined).advice, told({ bytes: 2 ** 29 }).advice);
  assertStringIncludes(told({ bytes: 2 ** 29 }).words, "one of 512.0 MiB is there");
  assertStringIncludes(told({ skipped: "not tried: a software adapter" }).words, "not tried");
  const refused = told({ bytes: 2 ** 29, problem: "Not enough memory left" });
  assertStringIncludes(refused.words, "one of 512.0 MiB is refused: Not enough memory left");
  assertStringIncludes(refused.advice, "Resizable BAR");
});

Deno.test("the doctor says when temporary files cannot be written", () => {
  const machine = { ...HEALTHY.machine, temporaryFolder: { problem: "read-only file system" } };
  assertStringIncludes(advise({ ...HEALTHY, machine }).join(), "set TMPDIR");
});

Deno.test("of several GPUs those are counted that nobody uses, by the nodes of devices", async () => {
  const root = await Deno.makeTempDir({ prefix: "clearstack-devices-" });
  assertEquals(countGpus(`${root}/`), 0);
  await Deno.mkdir(`${root}/dev/dri`, { recursive: true });
  for (const name of ["nvidia0", "nvidia1", "nvidia2", "nvidiactl", "dri/card0", "dri/renderD128"]) {
    await Deno.writeTextFile(`${root}/dev/${name}`, "");
  }
  assertEquals(countGpus(`${root}/`), 3);
  const adapter = { available: true } as Findings["adapter"];
  const told = (gpus: number) => advise({ ...HEALTHY, adapter, machine: { ...HEALTHY.machine, gpus } }).join();
  assertStringIncludes(told(3), "has 3 GPUs and a process uses one, so 2 are unused");
  assertEquals(told(1), "");
  await Deno.remove(root, { recursive: true });
});
