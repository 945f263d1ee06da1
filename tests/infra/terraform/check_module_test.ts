import { assertEquals, assertThrows } from "@std/assert";
import { checkModule } from "../../../infra/terraform/check_module.ts";
import { readSchemas } from "../../../infra/terraform/provider_schema.ts";
import { configurationFolders, folderName, parseHcl, readModule } from "../../../infra/terraform/read_module.ts";

const schemas = await readSchemas();

for (const folder of await configurationFolders()) {
  Deno.test(`${folderName(folder)} uses no argument and no name that there is not`, async () => {
    assertEquals(checkModule(await readModule(folder), schemas), []);
  });
}

/** A service that is right, but for what is replaced in it. */
function service(right = "", wrong = ""): string[] {
  const text = `
    variable "port" {
      type = number
    }
    resource "kubernetes_service_v1" "api" {
      count = 1
      metadata {
        name = "api"
      }
      spec {
        dynamic "port" {
          for_each = [var.port]
          content {
            port = port.value
          }
        }
      }
    }
    output "name" {
      value = kubernetes_service_v1.api[0].metadata[0].name
    }`;
  return checkModule([parseHcl(text.replace(right, wrong), "planted.tf")], schemas);
}

Deno.test("a planted fault is found and named", () => {
  assertEquals(service(), []);
  const faults: [right: string, wrong: string, starts: string][] = [
    ['name = "api"', 'nmae = "api"', "kubernetes_service_v1.api.metadata.nmae: there is no such argument"],
    ["port = port.value", "prot = port.value", "kubernetes_service_v1.api.spec.port: port is missing"],
    ["metadata {", "metadata = {", "kubernetes_service_v1.api.metadata: it is a block"],
    ["spec {", "spec {}\nspec {", "kubernetes_service_v1.api.spec: there may be one such block, not 2"],
    ["[var.port]", "[var.prot]", "var.prot: it is used and not declared"],
    ["[var.port]", "[80]", "var.port: nothing uses it"],
    [
      "kubernetes_service_v1.api[0]",
      "kubernetes_service_v1.app[0]",
      "kubernetes_service_v1.app: there is no such resource",
    ],
    [
      '"kubernetes_service_v1" "api"',
      '"kubernetes_servise" "api"',
      "kubernetes_servise.api: no schema has kubernetes_servise",
    ],
  ];
  for (const [right, wrong, starts] of faults) {
    const [found = ""] = service(right, wrong);
    assertEquals(found.slice(0, starts.length), starts);
  }
});

Deno.test("text that is no HCL is refused by the name of its file", () => {
  assertThrows(() => parseHcl("resource {", "broken.tf"), Error, "broken.tf is no HCL");
});
