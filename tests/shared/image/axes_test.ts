import { assertEquals } from "@std/assert";
import { fullUnitName } from "shared/image/axes.ts";
import { LENGTHS, TIMES } from "../../fixtures/ome/ngff_schema.ts";

Deno.test("units of OME-Zarr keep their names", () => {
  for (const unit of [...LENGTHS, ...TIMES]) assertEquals(fullUnitName(unit), unit);
});

Deno.test("units of OME-XML that OME-Zarr has get the names of OME-Zarr", () => {
  const prefixes = [
    "Y",
    "Z",
    "E",
    "P",
    "T",
    "G",
    "M",
    "k",
    "h",
    "",
    "d",
    "c",
    "m",
    "\u00b5",
    "n",
    "p",
    "f",
    "a",
    "z",
    "y",
  ];
  const lengths = [...prefixes.map((prefix) => `${prefix}m`), "\u00c5", "in", "ft", "yd", "mi", "pc"];
  assertEquals(lengths.map(fullUnitName).sort(), [...LENGTHS].sort());
  const times = [...prefixes.map((prefix) => `${prefix}s`), "min", "h", "d"];
  assertEquals(times.map(fullUnitName).sort(), [...TIMES].sort());
});

Deno.test("units are known by other spellings, and kept where OME-Zarr has none", () => {
  for (const unit of ["um", "\u03bcm", "\\u00B5m", " UM ", "micron", "Microns", "micrometre", "Micrometers"]) {
    assertEquals(fullUnitName(unit), "micrometer", unit);
  }
  for (const unit of ["sec", "s", "S", "seconds"]) assertEquals(fullUnitName(unit), "second", unit);
  assertEquals(["inches", "feet", "hours", "mm", "Mm", "Angstroms"].map(fullUnitName), [
    "inch",
    "foot",
    "hour",
    "millimeter",
    "megameter",
    "angstrom",
  ]);
  for (const unit of [undefined, "", "pixel", "Pixels", "reference frame"]) {
    assertEquals(fullUnitName(unit), undefined, unit);
  }
  for (const unit of ["Furlong", "\u00b5as", "constructor"]) assertEquals(fullUnitName(unit), unit);
});
