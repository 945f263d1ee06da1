/** `deno task page [--out DIR]`: writes the web page as a folder of files for any web server, into out/page unless told otherwise. */
import { readFlags } from "../read_flags.ts";
import { buildPage } from "./build_page.ts";

const { out } = readFlags({ out: "out/page" });
await buildPage(out);
console.log(`${out}/index.html?image=URL&result=URL`);
