import { assertEquals } from "@std/assert";
import { seamCertificate } from "functions/orchestrate/run/seam_certificate.ts";

Deno.test("a difference counts against the highest peak of its own channel", () => {
  const places = [
    { channel: 0, largest: 1, peak: 100 },
    { channel: 0, largest: 2, peak: 1000 },
    { channel: 1, largest: 1, peak: 10 },
  ];
  assertEquals(seamCertificate(places), { largest: 0.1, places: 3 });
  assertEquals(seamCertificate(places.slice(0, 2)), { largest: 0.002, places: 2 });
});

Deno.test("where all is dark, no difference is none and any difference is as large as can be", () => {
  const dark = { channel: 0, largest: 0, peak: 0 };
  assertEquals(seamCertificate([dark]), { largest: 0, places: 1 });
  assertEquals(seamCertificate([dark, { channel: 1, largest: 1e-9, peak: 0 }]), { largest: 1, places: 2 });
  assertEquals(seamCertificate([]), undefined);
});
