/** A balancer of TCP connections: each goes to the next server that takes it, as those in front of many processes do. */

/** A running balancer. */
export interface Balancer {
  readonly port: number;
  close(): void;
}

/**
 * Listens on a free port of the loopback interface.
 *
 * @param ports of the servers behind it; a connection that none of them takes is closed
 * @param awake waited for before a connection is handed on, so that servers may be started on demand
 */
export function balance(
  ports: readonly number[],
  awake: () => Promise<void> = () => Promise.resolve(),
): Balancer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let turn = 0;
  const accept = async () => {
    for await (const caller of listener) void join(caller).catch(() => {});
  };
  const join = async (caller: Deno.TcpConn) => {
    using _ = caller;
    await awake();
    for (let tried = 0; tried < ports.length; tried++) {
      const port = ports[turn++ % ports.length]!;
      const server = await Deno.connect({ hostname: "127.0.0.1", port }).catch(() => undefined);
      if (!server) continue;
      using _server = server;
      // When one side goes, so does the other.
      return await Promise.race([caller.readable.pipeTo(server.writable), server.readable.pipeTo(caller.writable)]);
    }
  };
  accept().catch(() => {});
  return { port: listener.addr.port, close: () => listener.close() };
}
