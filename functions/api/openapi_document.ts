/** The OpenAPI document of the service, in a form from which generators make clients that are right. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import { VERSION } from "shared/version.ts";
import { SECURITY } from "./auth/security_schemes.ts";
import type { Env } from "./env.ts";

type Schema = Readonly<Record<string, unknown>>;

/** The document of an application with all of its endpoints. */
export function openApiDocument(app: OpenAPIHono<Env>) {
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Clearstack",
      version: VERSION,
      description: "Richardson-Lucy deconvolution of image volumes of any size. Errors are RFC 9457 problem documents.",
      license: { name: "Apache-2.0" },
    },
    security: SECURITY,
  });
  const { JobRequest, ViewRequest, ...schemas } = document.components!.schemas!;
  return {
    ...document,
    components: {
      ...document.components,
      schemas: {
        ...schemas,
        JobRequest: inWords(JobRequest as Schema),
        ...(ViewRequest === undefined ? {} : { ViewRequest: inWords(ViewRequest as Schema) }),
      },
    },
  };
}

/**
 * The same with defaults as part of the descriptions. Generators take a property with a `default` for one that is always there, which
 * is right for answers; in a request it would have to be given.
 */
function inWords(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(inWords);
  if (typeof schema !== "object" || schema === null) return schema;
  const { default: value, description, ...rest } = schema as Schema;
  const isGroup = typeof value === "object";
  const told = value === undefined || isGroup ? [description] : [description, `default ${JSON.stringify(value)}`];
  const words = told.filter((part) => part !== undefined).join("; ");
  const inner = Object.entries(rest).map(([name, part]) => [name, name === "examples" ? part : inWords(part)]);
  return { ...Object.fromEntries(inner), ...(words === "" ? {} : { description: words }) };
}
