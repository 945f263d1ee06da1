/** Schemas of a provider's types, as cdktf's generated packages state them: declarations say what may be given, code the types. */

/** A type as Terraform's wire format writes it: `"string"`, `["list", "number"]`, `["object", {...}]`, `"dynamic"` ... */
export type WireType = string | readonly [kind: string, element: WireType | Readonly<Record<string, WireType>>];

/**
 * Members of a block by name: a type for an attribute, members of its own for a block. Marks at the end of a name: `!` it is
 * required, `~` it is computed where it is not given, `=` it is computed and cannot be given, `*` it is a block that may be
 * repeated, `+` one whose repetitions are a set, `.` one that is an object by itself, `&` it is an attribute with members.
 */
export interface Members {
  readonly [marked: string]: WireType | Members;
}

/** True for an attribute's type, false for members. */
export function isWireType(member: WireType | Members): member is WireType {
  return typeof member === "string" || Array.isArray(member);
}

/** Name and marks of a member. */
export function splitMarks(marked: string): { name: string; marks: string } {
  const [, name, marks] = /^(\w+)(.*)$/.exec(marked)!;
  return { name: name!, marks: marks! };
}

/** What the typings cannot tell: optional members that the provider fills in, of those that modules read. */
const FILLED_IN: ReadonlySet<string> = new Set([
  "google_container_cluster.master_auth",
  "google_compute_global_address.address",
]);

/** Types of TypeScript, for what no code reads back. */
const DECLARED: Readonly<Record<string, WireType>> = {
  string: "string",
  number: "number",
  boolean: "bool",
  "string[]": ["list", "string"],
  "number[]": ["list", "number"],
  "{ [key: string]: string; }": ["map", "string"],
  "{ [key: string]: any; }": "dynamic",
};

/** Types by the functions that read an attribute back. */
const READ_BACK: readonly (readonly [pattern: RegExp, type: WireType])[] = [
  [/tolist\(this\.getListAttribute/, ["set", "string"]],
  [/tolist\(this\.getNumberListAttribute/, ["set", "number"]],
  [/getListAttribute/, ["list", "string"]],
  [/getNumberListAttribute/, ["list", "number"]],
  [/getStringMapAttribute|cdktf\.StringMap\b/, ["map", "string"]],
  [/getNumberMapAttribute|cdktf\.NumberMap\b/, ["map", "number"]],
  [/getBooleanMapAttribute|cdktf\.BooleanMap\b/, ["map", "bool"]],
  [/getStringAttribute/, "string"],
  [/getNumberAttribute/, "number"],
  [/getBooleanAttribute/, "bool"],
  [/AnyMap/, "dynamic"],
];

/** How a class reads an attribute back, by the attribute's name. */
type Reads = ReadonlyMap<string, { readonly expression: string; readonly computedOnly: boolean }>;

function readsOf(body: string): Reads {
  const reads = new Map<string, { expression: string; computedOnly: boolean }>();
  const member =
    /(?:\/\/ \w+ - computed: (true|false), optional: (true|false), required: \w+\s+)?(?:get \w+\(\) \{\s*return ((?:cdktf\.Fn\.tolist\()?this\.(?:get|interpolation)\w+\(["'](\w+)["']\)[^;]*);|this\._?\w+ = (new [\w.]+\(this, ["'](\w+)["'][^;]*);)/g;
  for (const [, computed, optional, got, gotName, made, madeName] of body.matchAll(member)) {
    const computedOnly = computed === "true" && optional === "false";
    reads.set((gotName ?? madeName)!, { expression: (got ?? made)!, computedOnly });
  }
  return reads;
}

/**
 * Members of the resource, data source or provider whose typings these are.
 *
 * @param declarations what may be given, from `.d.ts`
 * @param code the classes, from `.js`
 * @param type the type as Terraform calls it
 */
export function readTypings(declarations: string, code: string, type: string): Members {
  const interfaces = new Map(
    declarations.matchAll(/^export interface (\w+)[^{]*\{\n(.*?)^\}/gms).map(([, name, body]) => [name!, body!]),
  );
  const classes = new Map(
    code.matchAll(/^class (\w+) extends cdktf[^{]*\{\n(.*?)^\}/gms).map(([, name, body]) => [name!, readsOf(body!)]),
  );
  const root = /^class (\w+) extends cdktf\.Terraform/m.exec(code)?.[1];
  if (root === undefined) throw new Error(`${type}: the code has no class of it`);
  const membersOf = (name: string, declared: string): Members => {
    const reads: Reads = classes.get(name) ?? new Map();
    const body = interfaces.get(declared);
    if (body === undefined) throw new Error(`the typings have no interface ${declared}`);
    const members: Record<string, WireType | Members> = {};
    for (
      const [, comment, optional, text] of body.matchAll(
        /\/\*\*(.*?)\*\/\s*readonly \w+(\??): ((?:\{[^}]*\}|[^;])+);/gs,
      )
    ) {
      const argument = /#(\w+) /.exec(comment!)?.[1];
      if (argument === undefined) throw new Error(`the typings do not name an argument of ${declared}`);
      const [, block, many] = /^(\w*)(\[\])?/.exec(text!)!;
      const read = reads.get(argument)?.expression ?? "";
      const filled = argument === "id" || name === root && FILLED_IN.has(`${type}.${argument}`);
      const mark = !optional ? "!" : filled ? "~" : "";
      if (!interfaces.has(block!)) {
        members[argument + mark] = typeOf(read, text!, `${declared}.${argument}`);
        continue;
      }
      const repeats = !many ? (argument === "timeouts" ? "." : "") : /, true\)/.test(read) ? "+" : "*";
      const isBlock = /\* \w+ block$/m.test(comment!);
      members[argument + mark + (isBlock ? repeats : `&${repeats}`)] = membersOf(`${block}OutputReference`, block!);
    }
    for (const [attribute, { expression, computedOnly }] of reads) {
      if (computedOnly) members[`${attribute}=`] = computedType(expression, `${name}.${attribute}`);
    }
    return members;
  };
  /** Type of an attribute that the provider alone sets. */
  const computedType = (expression: string, at: string): WireType => {
    const [, made, kind] = /^new (?:\w+\.)?(\w+?)(List|Map|OutputReference)\(/.exec(expression) ?? [];
    if (made === undefined || made === "cdktf" || /cdktf\./.test(expression)) return typeOf(expression, "", at);
    const reads = classes.get(`${made}OutputReference`) ?? new Map() as Reads;
    const object: WireType = [
      "object",
      Object.fromEntries([...reads].map(([name, read]) => [name, computedType(read.expression, `${made}.${name}`)])),
    ];
    return kind === "OutputReference"
      ? object
      : [kind === "Map" ? "map" : /, true\)/.test(expression) ? "set" : "list", object];
  };
  return membersOf(root, `${root}Config`);
}

function typeOf(read: string, declared: string, at: string): WireType {
  const found = READ_BACK.find(([pattern]) => pattern.test(read))?.[1];
  const plain = declared.replace(/\s+/g, " ").replace(/ \| cdktf\.IResolvable/g, "");
  const type = found ?? DECLARED[plain.replace(/^Array<(\w+)>$/, "$1[]")];
  if (type !== undefined) return type;
  // Lists of lists and the like, which no module has an argument of: any value is taken.
  if (/cdktf|\[\]|interpolation/.test(declared + read)) return "dynamic";
  throw new Error(`${at}: a type that is not known: ${declared} ${read}`);
}
