/**
 * The key with which a Restate server signs its calls, and by which an `orchestrate` process knows them.
 *
 *     deno run -A infra/cluster/identity_key.ts [FOLDER]
 *
 * makes a pair: it writes the private half to FOLDER/identity.pem and prints the public one.
 */

/** A pair of keys. */
export interface IdentityKey {
  /** PKCS #8, PEM; for the server. */
  readonly privateKeyFile: string;
  /** `publickeyv1_` and the key in base 58; for those who are called. */
  readonly publicKey: string;
}

/** Makes an Ed25519 pair and writes the private key where only this user can read it. */
export async function makeIdentityKey(folder: string): Promise<IdentityKey> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]) as CryptoKeyPair;
  const secret = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  const privateKeyFile = `${folder}/identity.pem`;
  const pem = `-----BEGIN PRIVATE KEY-----\n${secret.toBase64()}\n-----END PRIVATE KEY-----\n`;
  await Deno.writeTextFile(privateKeyFile, pem, { mode: 0o600 });
  const open = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  return { privateKeyFile, publicKey: `publickeyv1_${base58(open)}` };
}

const DIGITS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** Base 58 as Bitcoin writes it: the bytes as one number, and a 1 for every leading zero byte. */
function base58(bytes: Uint8Array): string {
  let number = BigInt(`0x${bytes.toHex()}`);
  let text = "";
  for (; number > 0n; number /= 58n) text = DIGITS[Number(number % 58n)] + text;
  return "1".repeat(bytes.findIndex((byte) => byte !== 0)) + text;
}

if (import.meta.main) {
  const { privateKeyFile, publicKey } = await makeIdentityKey(Deno.args[0] ?? ".");
  console.log(`${privateKeyFile}\n${publicKey}`);
}
