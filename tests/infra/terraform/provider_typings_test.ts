import { assertEquals, assertThrows } from "@std/assert";
import { readTypings } from "../../../infra/terraform/provider_typings.ts";

const DECLARATIONS = `
export interface ThingConfig extends cdktf.TerraformMetaArguments {
    /**
    * Docs: {@link x#max_size Thing#max_size}
    */
    readonly maxSize: number;
    /**
    * Docs: {@link x#zones Thing#zones}
    */
    readonly zones?: string[];
    /**
    * part block
    *
    * Docs: {@link x#part Thing#part}
    */
    readonly part?: ThingPart[] | cdktf.IResolvable;
    /**
    * Docs: {@link x#access Thing#access}
    */
    readonly access?: ThingAccess;
}
export interface ThingPart {
    /**
    * Docs: {@link x#labels Thing#labels}
    */
    readonly labels?: {
        [key: string]: string;
    };
}
export interface ThingAccess {
    /**
    * Docs: {@link x#host Thing#host}
    */
    readonly host: string;
}
`;

const CODE = `
class ThingPartOutputReference extends cdktf.ComplexObject {
    // id - computed: true, optional: false, required: false
    get id() {
        return this.getStringAttribute('id');
    }
}
class ThingStatusOutputReference extends cdktf.ComplexObject {
    // ready - computed: true, optional: false, required: false
    get ready() {
        return this.getBooleanAttribute('ready');
    }
}
class Thing extends cdktf.TerraformResource {
    constructor(scope, id, config) {
        // part - computed: false, optional: true, required: false
        this._part = new ThingPartList(this, "part", true);
        // status - computed: true, optional: false, required: false
        this._status = new ThingStatusList(this, "status", false);
    }
    get zones() {
        return cdktf.Fn.tolist(this.getListAttribute('zones'));
    }
}
`;

Deno.test("typings give members by Terraform's names, with their types, and say which are required, repeated, computed or no block", () => {
  assertEquals(readTypings(DECLARATIONS, CODE, "x_thing"), {
    "max_size!": "number",
    zones: ["set", "string"],
    "part+": { labels: ["map", "string"], "id=": "string" },
    "access&": { "host!": "string" },
    "status=": ["list", ["object", { ready: "bool" }]],
  });
});

Deno.test("typings that are not those of a type are refused", () => {
  assertThrows(() => readTypings("", CODE, "x_thing"), Error, "no interface ThingConfig");
  assertThrows(() => readTypings(DECLARATIONS, "", "x_thing"), Error, "x_thing: the code has no class of it");
  const unknown = DECLARATIONS.replace("maxSize: number", "maxSize: Size");
  assertThrows(
    () => readTypings(unknown, CODE, "x_thing"),
    Error,
    "ThingConfig.max_size: a type that is not known: Size",
  );
});
