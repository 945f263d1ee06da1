/** Security schemes of the OpenAPI document. */
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Env } from "../env.ts";
import type { Auth } from "./auth.ts";

/** Either will do; on a service without authentication, neither is asked for. */
export const SECURITY = [{ apiKey: [] }, { token: [] }];

/** Describes the schemes; the address of the provider is told where there is one. */
export function addSecuritySchemes(registry: OpenAPIHono<Env>["openAPIRegistry"], auth: Auth | undefined): void {
  registry.registerComponent("securitySchemes", "apiKey", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "cs_ID_SECRET",
    description: "An API key of this service. A service on one's own machine asks for none.",
  });
  const issuer = auth?.tokens?.settings.issuer;
  registry.registerComponent("securitySchemes", "token", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: `A token of ${issuer ?? "the OpenID Connect provider that the service is configured with, if any"}.`,
  });
}
