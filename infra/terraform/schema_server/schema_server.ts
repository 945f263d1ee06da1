/**
 * Stands in for Terraform's providers where those cannot be fetched: it speaks the plugin protocol and knows the schemas, so that
 * Terraform itself validates and plans. It makes nothing: an apply fails.
 */
import type { Members } from "../provider_typings.ts";
import { type Handler, serveGrpc } from "./grpc_server.ts";
import { plannedState } from "./planned_state.ts";
import { wireSchema } from "./wire_schema.ts";
import { packValue, unpackValue, type WireValue } from "./wire_value.ts";

/** What data sources answer, by type and attribute; what is not listed is null. */
export type Answers = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Stand-ins for several providers. */
interface SchemaServer {
  /** Value of `TF_REATTACH_PROVIDERS`, by which Terraform finds them and fetches none. */
  readonly reattach: string;
  /** Ends them. */
  close(): void;
}

/**
 * Serves schemas on the loopback interface, each provider on a port of its own.
 *
 * @param providers names of providers of the publisher hashicorp
 * @param schemas members by type; `provider_NAME` and `data_TYPE` as {@link readSchemas} gives them
 */
export async function serveSchemas(
  providers: readonly string[],
  schemas: ReadonlyMap<string, Members>,
  answers: Answers,
): Promise<SchemaServer> {
  const definition = await Deno.readTextFile(new URL("plugin.proto", import.meta.url));
  const servers = await Promise.all(providers.map(async (name) => {
    return { name, server: await serveGrpc(definition, "tfplugin6.Provider", handlers(name, schemas, answers)) };
  }));
  const reattach = servers.map(({ name, server }) => [`registry.terraform.io/hashicorp/${name}`, {
    Protocol: "grpc",
    ProtocolVersion: 6,
    Pid: Deno.pid,
    // Terraform leaves a provider under test running.
    Test: true,
    Addr: { Network: "tcp", String: `127.0.0.1:${server.port}` },
  }]);
  return {
    reattach: JSON.stringify(Object.fromEntries(reattach)),
    close: () => servers.forEach(({ server }) => server.close()),
  };
}

function handlers(
  provider: string,
  schemas: ReadonlyMap<string, Members>,
  answers: Answers,
): Readonly<Record<string, Handler>> {
  const membersOf = (type: unknown): Members => {
    const members = schemas.get(String(type));
    if (members === undefined) throw new Error(`no schema has ${type}`);
    return members;
  };
  const wire = (prefix: string) =>
    Object.fromEntries(
      [...schemas].filter(([type]) => type.startsWith(`${prefix}${provider}_`))
        .map(([type, members]) => [type.slice(prefix.length), wireSchema(members)]),
    );
  const nothing = () => ({});
  return {
    GetProviderSchema: () => ({
      provider: wireSchema(membersOf(`provider_${provider}`)),
      resource_schemas: wire(""),
      data_source_schemas: wire("data_"),
    }),
    // Terraform has held the configuration against the schema before it asks.
    ValidateProviderConfig: nothing,
    ValidateResourceConfig: nothing,
    ValidateDataResourceConfig: nothing,
    ConfigureProvider: nothing,
    StopProvider: nothing,
    PlanResourceChange: ({ type_name, proposed_new_state }) => {
      const planned = plannedState(membersOf(type_name), unpackValue(proposed_new_state as WireValue));
      // Providers of this age are forgiven what they plan for blocks that are not configured.
      return { planned_state: packValue(planned), legacy_type_system: true };
    },
    ReadDataSource: ({ type_name, config }) => {
      const known = answers[String(type_name)] ?? {};
      const given = unpackValue(config as WireValue);
      return { state: packValue(plannedState(membersOf(`data_${type_name}`), given, (name) => known[name] ?? null)) };
    },
  };
}
