/** Serves a parent process, and ends with it. */

/** Tells the parent the port, then ends this process as soon as the parent is gone: the pipe to standard input closes then. */
export async function serveParent(port: number): Promise<never> {
  console.log(port);
  for await (const _ of Deno.stdin.readable);
  Deno.exit();
}
