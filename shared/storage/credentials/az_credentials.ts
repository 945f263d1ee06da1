/**
 * Who opens an account of Azure Storage: its shared key, a shared access signature, or a token for an identity: a service
 * principal, a workload identity (AKS), a managed identity (Container Apps, virtual machines). Nobody only if asked for.
 * `@azure/identity` cannot be imported where DEBUG and TYPESPEC_RUNTIME_LOG_LEVEL, among others, may not be read, as in the
 * functions, nor in part: its one entry brings 44 packages of 49 MB, which start browsers and PowerShell.
 */
import { ClearstackError, isClearstackError } from "shared/errors.ts";
import { type AzAccount, azAccount } from "../az/az_address.ts";
import { accessToken, readSecretFile } from "./identity_request.ts";
import { type Refreshing, refreshing } from "./refreshing.ts";
import { isSwitchedOn, oncePerEnvironment, setting, type StoreEnvironment } from "../store_environment.ts";

/** What opens an account. */
export type AzCredentials =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "sas"; readonly token: string }
  | AzToken
  | { readonly kind: "anonymous" };

/** A token of Entra ID. */
interface AzToken {
  readonly kind: "token";
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

const RESOURCE = "https://storage.azure.com/";
const INSTANCE_SERVICE = "http://169.254.169.254/metadata/identity/oauth2/token";

/** The token of a process, shared by its stores and renewed before it expires. */
export const azToken: (environment: StoreEnvironment) => Refreshing<AzToken> = oncePerEnvironment(
  (environment) => refreshing(() => findToken(environment), environment.now),
);

/**
 * What opens an account.
 *
 * @param own true if the account is the one that the environment names; its key and signature open no other
 */
export async function azCredentials(environment: StoreEnvironment, own: boolean): Promise<AzCredentials> {
  if (isSwitchedOn(environment, "AZURE_NO_SIGN_REQUEST")) return { kind: "anonymous" };
  const account: AzAccount | undefined = own ? azAccount(environment) : undefined;
  if (account?.key !== undefined) return { kind: "key", key: account.key };
  if (account?.sas !== undefined) return { kind: "sas", token: account.sas };
  return await azToken(environment).get();
}

async function findToken(environment: StoreEnvironment): Promise<AzToken> {
  const token = await principalToken(environment) ?? await managedToken(environment);
  if (token !== undefined) return token;
  throw new ClearstackError(
    "forbidden",
    "no credentials for az: set AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, or " +
      "AZURE_NO_SIGN_REQUEST=true for public containers",
  );
}

/** A service principal proves itself by a secret or, as AKS's workload identity, by a token from a file. */
async function principalToken(environment: StoreEnvironment): Promise<AzToken | undefined> {
  const tenant = setting(environment, "AZURE_TENANT_ID");
  const client = setting(environment, "AZURE_CLIENT_ID");
  const secret = setting(environment, "AZURE_CLIENT_SECRET");
  const file = setting(environment, "AZURE_FEDERATED_TOKEN_FILE");
  if (tenant === undefined || client === undefined || (secret ?? file) === undefined) return undefined;
  const proof: Record<string, string> = secret === undefined
    ? {
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: await readSecretFile(file!, "AZURE_FEDERATED_TOKEN_FILE"),
    }
    : { client_secret: secret };
  const authority = setting(environment, "AZURE_AUTHORITY_HOST") ?? "https://login.microsoftonline.com";
  const granted = await accessToken(environment, {
    url: `${authority.replace(/\/+$/, "")}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`,
    service: "Entra ID",
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: client,
      scope: `${RESOURCE}.default`,
      ...proof,
    }),
  });
  return { kind: "token", ...granted };
}

async function managedToken(environment: StoreEnvironment): Promise<AzToken | undefined> {
  const endpoint = setting(environment, "IDENTITY_ENDPOINT");
  const secret = setting(environment, "IDENTITY_HEADER");
  const client = setting(environment, "AZURE_CLIENT_ID");
  const hosted = endpoint !== undefined && secret !== undefined;
  const url = new URL(hosted ? endpoint : INSTANCE_SERVICE);
  url.searchParams.set("api-version", hosted ? "2019-08-01" : "2018-02-01");
  url.searchParams.set("resource", RESOURCE);
  if (client !== undefined) url.searchParams.set("client_id", client);
  const service = "the managed identity's service";
  const headers: Record<string, string> = hosted ? { "x-identity-header": secret } : { metadata: "true" };
  // Outside Azure nothing answers at all; one short attempt tells.
  const patience = hosted ? {} : { timeoutMs: 1000, attempts: 1 };
  try {
    return { kind: "token", ...await accessToken(environment, { url: url.href, service, headers, ...patience }) };
  } catch (error) {
    if (!hosted && isClearstackError(error, "store-unavailable")) return undefined;
    throw error;
  }
}
