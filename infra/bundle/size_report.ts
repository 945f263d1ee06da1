/** Sizes of bundled modules, raw and as they travel. */
import { basename } from "@std/path";
import type { BundledModule } from "./bundle.ts";

/** Size of one module. */
export interface ModuleSize {
  /** Name of its file without the extension. */
  readonly name: string;
  /** What it loads when it starts. */
  readonly start: Size;
  /** That and what it loads when it needs it. */
  readonly whole: Size;
  /** Names of all its files. */
  readonly files: readonly string[];
  /** Modules that it starts as threads or processes, which it needs beside it. */
  readonly starts: readonly string[];
}

interface Size {
  readonly bytes: number;
  readonly gzipBytes: number;
}

/** Measures modules, in the order in which they are given. */
export async function moduleSizes(modules: readonly BundledModule[]): Promise<ModuleSize[]> {
  const sizes: ModuleSize[] = [];
  for (const { name, startFiles, laterFiles, starts } of modules) {
    const start = await sizeOf(startFiles);
    const later = await sizeOf(laterFiles);
    const whole = { bytes: start.bytes + later.bytes, gzipBytes: start.gzipBytes + later.gzipBytes };
    sizes.push({ name, start, whole, files: [...startFiles, ...laterFiles].map((path) => basename(path)), starts });
  }
  return sizes;
}

async function sizeOf(paths: readonly string[]): Promise<Size> {
  const size = { bytes: 0, gzipBytes: 0 };
  for (const path of paths) {
    const content = await Deno.readFile(path);
    const stream = new Blob([content]).stream().pipeThrough(new CompressionStream("gzip"));
    size.bytes += content.length;
    size.gzipBytes += (await new Response(stream).arrayBuffer()).byteLength;
  }
  return size;
}

/** A table for a terminal, in KiB. */
export function sizeTable(sizes: readonly ModuleSize[]): string {
  const rows = [
    ["module", "files", "start KiB", "gzip", "whole KiB", "gzip"],
    ...sizes.map(({ name, start, whole, files }) => [
      ...[name, `${files.length}`],
      ...[start.bytes, start.gzipBytes, whole.bytes, whole.gzipBytes].map((bytes) => (bytes / 1024).toFixed(1)),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = ([name, ...numbers]: readonly string[]) =>
    [name!.padEnd(widths[0]!), ...numbers.map((number, i) => number.padStart(widths[i + 1]!))].join("  ");
  return rows.map(line).join("\n");
}
