import { assertEquals, assertRejects } from "@std/assert";
import { assertPublicHost, createAddressGuard } from "shared/storage/guard/address_guard.ts";
import { isPublicAddress } from "shared/storage/guard/public_address.ts";
import { ClearstackError, isClearstackError } from "shared/errors.ts";

/** What names resolve to where nobody is asked. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  "public.example": ["93.184.216.34"],
  "both.example": ["2606:2800:220:1::1", "93.184.216.34"],
  "loopback.example": ["127.0.0.1"],
  "loopback6.example": ["::1"],
  "mapped.example": ["::ffff:10.0.0.1"],
  "lan.example": ["192.168.1.7"],
  "cluster.example": ["10.96.0.1"],
  "shared.example": ["100.64.3.2"],
  "metadata.example": ["169.254.169.254"],
  "unique-local.example": ["fd12:3456::1"],
  "half.example": ["93.184.216.34", "10.0.0.1"],
  "127.0.0.1.nip.example": ["127.0.0.1"],
};

const resolve = (name: string) => Promise.resolve(NAMES[name] ?? []);

/** Spellings of places that no caller may send the service to. */
const REFUSED = [
  ["the loopback address", "http://127.0.0.1/"],
  ["another loopback address", "http://127.8.9.1/"],
  ["loopback as one decimal number", "http://2130706433/"],
  ["loopback as one hexadecimal number", "http://0x7f000001/"],
  ["loopback as one octal number", "http://017700000001/"],
  ["loopback with octal parts", "http://0177.0.0.01/"],
  ["loopback with hexadecimal parts", "http://0x7f.0x0.0x0.0x1/"],
  ["loopback of mixed bases", "http://0x7f.0.0.01/"],
  ["loopback with two parts", "http://127.1/"],
  ["loopback with three parts", "http://127.0.1/"],
  ["loopback with a dot at the end", "http://127.0.0.1./"],
  ["loopback in full-width digits", "http://１２７.0.0.1/"],
  ["loopback in circled digits", "http://①②⑦.0.0.1/"],
  ["loopback with ideographic dots", "http://127。0。0。1/"],
  ["loopback, percent-encoded", "http://%31%32%37.0.0.1/"],
  ["loopback behind backslashes", "http:\\\\127.0.0.1\\"],
  ["loopback behind one slash", "http:/127.0.0.1/"],
  ["loopback without slashes", "http:127.0.0.1/"],
  ["loopback across lines", "http://127.0\n.0.1/"],
  ["loopback on another port", "https://127.0.0.1:8443/"],
  ["localhost", "http://localhost/"],
  ["localhost in capitals", "http://LOCALHOST/"],
  ["localhost with a dot at the end", "http://localhost./"],
  ["a name below localhost", "http://foo.localhost/"],
  ["this host", "http://0.0.0.0/"],
  ["this host as zero", "http://0/"],
  ["this network", "http://0.1.2.3/"],
  ["a private address of class A", "http://10.0.0.1/"],
  ["a private address of class B", "http://172.16.0.1/"],
  ["the last private address of class B", "http://172.31.255.255/"],
  ["a private address of class C", "http://192.168.0.1/"],
  ["a private address as a number", "http://3232235521/"],
  ["a shared address", "http://100.64.0.1/"],
  ["a multicast address", "http://224.0.0.1/"],
  ["a reserved address", "http://240.0.0.1/"],
  ["the broadcast address", "http://255.255.255.255/"],
  ["a benchmarking address", "http://198.18.0.1/"],
  ["a documentation address", "http://192.0.2.1/"],
  ["the metadata service of AWS, Azure and Google", "http://169.254.169.254/latest/meta-data/"],
  ["that service as a number", "http://2852039166/"],
  ["that service in hexadecimal", "http://0xa9fea9fe/"],
  ["that service mapped into IPv6", "http://[::ffff:169.254.169.254]/"],
  ["that service of AWS over IPv6", "http://[fd00:ec2::254]/"],
  ["that service of Google by name", "http://metadata.google.internal/computeMetadata/v1/"],
  ["that service of Alibaba", "http://100.100.100.200/"],
  ["that service of Oracle", "http://192.0.0.192/"],
  ["the host agent of Azure", "http://168.63.129.16/"],
  ["the credentials of a container", "http://169.254.170.2/v2/credentials"],
  ["IPv6 loopback", "http://[::1]/"],
  ["IPv6 loopback in full", "http://[0:0:0:0:0:0:0:1]/"],
  ["the unspecified address of IPv6", "http://[::]/"],
  ["loopback mapped into IPv6", "http://[::ffff:127.0.0.1]/"],
  ["loopback mapped into IPv6, in hexadecimal", "http://[::ffff:7f00:1]/"],
  ["loopback compatible with IPv6", "http://[::127.0.0.1]/"],
  ["loopback translated by NAT64", "http://[64:ff9b::7f00:1]/"],
  ["loopback translated by a local NAT64", "http://[64:ff9b:1::7f00:1]/"],
  ["loopback translated by 6to4", "http://[2002:7f00:1::]/"],
  ["loopback behind Teredo", "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/"],
  ["a link-local address", "http://[fe80::1]/"],
  ["a unique local address", "http://[fc00::1]/"],
  ["a site-local address", "http://[fec0::1]/"],
  ["an IPv6 multicast address", "http://[ff02::1]/"],
  ["an address outside of what is handed out", "http://[4000::1]/"],
  ["a user before a public host", "http://127.0.0.1@public.example/"],
  ["a public host as user of a private one", "http://public.example@127.0.0.1/"],
  ["a password", "http://user:password@public.example/"],
  ["a file", "file:///etc/passwd"],
  ["another protocol", "gopher://127.0.0.1:6379/_INFO"],
  ["a data URL", "data:text/plain,hello"],
  ["a name of a cluster", "http://kubernetes.default.svc.cluster.local/"],
  ["a name that resolves to loopback", "https://loopback.example/"],
  ["a name that resolves to IPv6 loopback", "https://loopback6.example/"],
  ["a name that resolves to a mapped private address", "https://mapped.example/"],
  ["a name that resolves into the local network", "https://lan.example/"],
  ["a name that resolves into the cluster", "https://cluster.example/"],
  ["a name that resolves to a shared address", "https://shared.example/"],
  ["a name that resolves to the metadata service", "https://metadata.example/"],
  ["a name that resolves to a unique local address", "https://unique-local.example/"],
  ["a name that resolves to a public and a private address", "https://half.example/"],
  ["a name made of an address", "https://127.0.0.1.nip.example/"],
] as const;

for (const [what, spelling] of REFUSED) {
  Deno.test(`${what} is refused`, async () => {
    const error = await assertRejects(() => createAddressGuard({ resolve }).check(new URL(spelling)), ClearstackError);
    assertEquals(error.kind, "forbidden", error.message);
  });
}

Deno.test("a fragment hides nothing: the host before it is the one that is checked and the one that is used", async () => {
  const url = new URL("http://public.example#@127.0.0.1:80/");
  assertEquals(await createAddressGuard({ resolve }).check(url), "93.184.216.34");
});

for (
  const url of [
    "https://public.example/a",
    "http://93.184.216.34/",
    "https://[2606:2800:220:1::1]/",
    "https://8.8.8.8./",
  ]
) {
  Deno.test(`${url} is of the public internet`, async () => {
    assertEquals(typeof await createAddressGuard({ resolve }).check(new URL(url)), "string");
  });
}

Deno.test("a name with addresses of both kinds is connected to by IPv4", async () => {
  assertEquals(await createAddressGuard({ resolve }).check(new URL("http://both.example/")), "93.184.216.34");
});

Deno.test("what the operator allows is exempt by scheme, host, port and path, and nothing else is", async () => {
  const allow = ["http://10.0.0.5:9000/bucket", "https://store.internal/", "/data", "s3://bucket", "https://"];
  const guard = createAddressGuard({ resolve, allow });
  assertEquals(await guard.check(new URL("http://10.0.0.5:9000/bucket/a?b=/c")), undefined);
  for (const path of ["else", "buckets", "bucket/../else", "bucket/%2e%2e/else", "bucket%2f..%2felse", "#/bucket"]) {
    await assertRejects(() => guard.check(new URL(`http://10.0.0.5:9000/${path}`)), ClearstackError, "public internet");
  }
  assertEquals(await guard.check(new URL("https://store.internal/a")), undefined);
  for (const url of ["http://10.0.0.5/", "https://10.0.0.5:9000/", "http://store.internal/", "http://10.0.0.6:9000/"]) {
    await assertRejects(() => guard.check(new URL(url)), ClearstackError, "public internet");
  }
  await assertRejects(() => guard.check(new URL("http://user@10.0.0.5:9000/")), ClearstackError, "user");
});

Deno.test("a name that resolves to nothing is told as such, and asked for again the next time", async () => {
  let asked = 0;
  const failing = () => Promise.reject(new Error(`no such host ${++asked}`));
  const guard = createAddressGuard({ resolve: failing });
  for (let i = 0; i < 2; i++) {
    const error = await assertRejects(() => guard.check(new URL("https://gone.example/")), ClearstackError);
    assertEquals(error.kind, "store-unavailable");
  }
  assertEquals(asked, 2);
});

Deno.test("addresses are kept for a while, and a name that has moved into the network since is refused", async () => {
  let asked = 0;
  const moving = () => Promise.resolve(asked++ === 0 ? ["93.184.216.34"] : ["10.0.0.1"]);
  const patient = createAddressGuard({ resolve: moving });
  for (let i = 0; i < 3; i++) await patient.check(new URL("https://moving.example/"));
  assertEquals(asked, 1);
  const forgetful = createAddressGuard({ resolve: moving, keepMs: 0 });
  await assertRejects(() => forgetful.check(new URL("https://moving.example/")), ClearstackError);
});

Deno.test("without asking anybody, addresses and private names are told apart from public names", () => {
  const refused = ["http://10.0.0.1/", "http://a.internal/", "ftp://a.example/", "http://u@a.example/"].filter(
    (url) => {
      try {
        assertPublicHost(new URL(url));
        return false;
      } catch (error) {
        return isClearstackError(error, "forbidden");
      }
    },
  );
  assertEquals(refused.length, 4);
  assertPublicHost(new URL("https://loopback.example/"));
});

Deno.test("what is no address is not public", () => {
  for (const text of ["", "example.org", "1.2.3.4.5", "::g", "fe80::1%eth0"]) {
    assertEquals(isPublicAddress(text), false);
  }
});
