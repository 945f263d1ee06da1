/** Schemas as Terraform's plugin protocol has them. */
import { isWireType, type Members, splitMarks, type WireType } from "../provider_typings.ts";

interface WireAttribute {
  readonly name: string;
  readonly type?: Uint8Array;
  readonly nested_type?: { readonly attributes: readonly WireAttribute[]; readonly nesting: string };
  readonly required: boolean;
  readonly optional: boolean;
  readonly computed: boolean;
}

interface WireBlock {
  readonly attributes: readonly WireAttribute[];
  readonly block_types: readonly {
    readonly type_name: string;
    readonly block: WireBlock;
    readonly nesting: string;
    readonly min_items: number;
    readonly max_items: number;
  }[];
}

/** The schema of a type, in the form of the protocol's message `Schema`. */
export function wireSchema(members: Members): { readonly version: number; readonly block: WireBlock } {
  return { version: 0, block: wireBlock(members) };
}

function wireBlock(members: Members): WireBlock {
  const all = Object.entries(members).map(([marked, member]) => ({ ...splitMarks(marked), member }));
  return {
    attributes: all.filter(({ marks, member }) => isWireType(member) || marks.includes("&")).map(wireAttribute),
    block_types: all.flatMap(({ name, marks, member }) => {
      if (isWireType(member) || marks.includes("&")) return [];
      const required = marks.includes("!");
      const nesting = nestingOf(marks);
      return [{
        type_name: name,
        block: wireBlock(member),
        nesting,
        min_items: required && nesting !== "SINGLE" ? 1 : 0,
        max_items: nesting === "SINGLE" || /[*+]/.test(marks) ? 0 : 1,
      }];
    }),
  };
}

function wireAttribute(
  { name, marks, member }: { name: string; marks: string; member: WireType | Members },
): WireAttribute {
  const computed = /[~=]/.test(marks);
  const given = { required: marks.includes("!"), optional: !/[!=]/.test(marks), computed };
  if (isWireType(member)) return { name, type: new TextEncoder().encode(JSON.stringify(member)), ...given };
  const attributes = Object.entries(member).map(([marked, inner]) =>
    wireAttribute({ ...splitMarks(marked), member: inner })
  );
  return { name, nested_type: { attributes, nesting: /[*+]/.test(marks) ? nestingOf(marks) : "SINGLE" }, ...given };
}

function nestingOf(marks: string): string {
  if (marks.includes(".")) return "SINGLE";
  return marks.includes("+") ? "SET" : "LIST";
}
