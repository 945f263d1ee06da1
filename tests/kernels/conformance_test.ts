/** The properties of the conformance suite as tests of both backends. */
import { assertEquals } from "@std/assert";
import { createDeconvolver } from "kernels/backend.ts";
import { examine, PROPERTIES } from "../../infra/conformance/examine.ts";
import { ownSubject } from "../../infra/conformance/own_subject.ts";
import { cell } from "../../infra/conformance/report.ts";
import { slowWebgpuTest } from "../require.ts";

async function assertConforms(backend: "cpu" | "webgpu"): Promise<void> {
  const subject = ownSubject(backend, "", (options) => createDeconvolver(backend, options));
  try {
    for (const property of PROPERTIES) {
      const verdict = await examine(property, subject);
      assertEquals(verdict.verdict, "pass", `${property.name}: ${cell(verdict, property)}`);
    }
  } finally {
    await subject.close();
  }
}

Deno.test("the CPU backend has every property of the conformance suite", () => assertConforms("cpu"));
slowWebgpuTest("the WebGPU backend has every property of the conformance suite", () => assertConforms("webgpu"));
