/**
 * `deno task package [--out DIR]`: writes the npm package into out/package unless told otherwise. It is published by nobody: make
 * an archive of it by `npm pack`, and install that.
 */
import { readFlags } from "../read_flags.ts";
import { writePackage } from "./write_package.ts";

const { out } = readFlags({ out: "out/package" });
await writePackage(out);
console.log(`${out}: npm pack ./${out} makes an archive that npm install takes`);
