import { assert, assertEquals } from "@std/assert";
import { MODULES, readModule } from "../../infra/terraform/read_module.ts";

const CHART = new URL("../../terraform/charts/knative-serving/", import.meta.url);
const read = (path: string) => Deno.readTextFile(new URL(path, CHART));

Deno.test("the chart uses the values that it has, and modules set no others", async () => {
  const declared = [...(await read("values.yaml")).matchAll(/^(\w+):/gm)].map(([, name]) => name!).sort();
  const used = [...(await read("templates/knative_serving.yaml")).matchAll(/\.Values\.(\w+)/g)].map(([, name]) =>
    name!
  );
  assertEquals([...new Set(used)].sort(), declared);
  for (const name of ["gke-knative", "aws-eks"]) {
    const text = JSON.stringify(await readModule(new URL(`${name}/`, MODULES)));
    const [, set] = /yamlencode\(\{ (timeoutSeconds = [^}]*)\}/.exec(text) ?? [];
    assertEquals([...set!.matchAll(/(\w+) = /g)].map(([, name]) => name!).sort(), declared, name);
  }
});

Deno.test("the chart enables what the Knative service of deconvolve asks for, and keeps the gateway inside", async () => {
  const serving = await read("templates/knative_serving.yaml");
  for (const feature of ["nodeselector", "tolerations", "runtimeclassname"]) {
    assert(serving.includes(`kubernetes.podspec-${feature}: enabled`), feature);
  }
  assert(serving.includes("service-type: ClusterIP"));
});
