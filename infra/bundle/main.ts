/**
 * `deno task bundle [--out DIR]`: writes the program as plain JavaScript that needs Deno and nothing else, into out/bundle unless
 * told otherwise, and prints the sizes of its files.
 */
import { readFlags } from "../read_flags.ts";
import { sizeTable } from "./size_report.ts";
import { writeBundle } from "./write_bundle.ts";

const { out } = readFlags({ out: "out/bundle" });
const { sizes } = await writeBundle(out);
console.log(sizeTable(sizes));
