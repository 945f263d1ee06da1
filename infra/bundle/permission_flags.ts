/** In a bundle: prints the flags with which a function may read and write the folders that its environment names. */
import { permissionFlags } from "../permission_flags.ts";

const code = [new URL("./", import.meta.url).href];
console.log(permissionFlags(Deno.args[0] ?? "", (name) => Deno.env.get(name), code).join(" "));
