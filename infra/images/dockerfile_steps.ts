/** What a Dockerfile does, step by step, as far as the Dockerfiles here go. */
import { type Copy, DockerfileParser, type From, type JSONInstruction } from "dockerfile-ast";

/** One step. */
export type Step =
  | { readonly kind: "run"; readonly script: string }
  /** From another stage, or from the folder that the image is built in. */
  | {
    readonly kind: "copy";
    readonly stage: string | undefined;
    readonly from: string;
    readonly to: string;
    readonly mode: string | undefined;
  };

/** The last stage of a Dockerfile: how its root file system is made, and how it is started. */
export interface ImageRecipe {
  /** The image that it begins with. */
  readonly base: string;
  /** Images of the earlier stages, by name. */
  readonly stages: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  readonly env: Readonly<Record<string, string>>;
  /** Ids of user and group, with a colon between them. */
  readonly user: string;
  readonly folder: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
}

/**
 * Reads a Dockerfile.
 *
 * @throws {Error} for an instruction that has no meaning here, so that none is left out in silence
 */
export function readDockerfile(text: string): ImageRecipe {
  const stages: Record<string, string> = {};
  let recipe: ImageRecipe | undefined;
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    if (instruction.getKeyword() === "FROM") {
      const [from, last] = [instruction as From, recipe];
      if (last !== undefined && last.steps.length > 0) throw new Error("only the last stage may have steps");
      stages[from.getBuildStage() ?? ""] = from.getImage()!;
      recipe = {
        ...{
          base: from.getImage()!,
          stages,
          steps: [],
          env: {},
          user: "0:0",
          folder: "/",
          entrypoint: [],
          command: [],
        },
      };
    } else recipe = withInstruction(recipe!, instruction);
  }
  return recipe!;
}

type Instruction = ReturnType<ReturnType<typeof DockerfileParser.parse>["getInstructions"]>[number];

function withInstruction(recipe: ImageRecipe, instruction: Instruction): ImageRecipe {
  const words = instruction.getArguments().map((word) => word.getValue());
  const json = () => (instruction as JSONInstruction).getJSONStrings().map((word) => word.getJSONValue());
  switch (instruction.getKeyword()) {
    case "RUN":
      return { ...recipe, steps: [...recipe.steps, { kind: "run", script: scriptOf(instruction) }] };
    case "COPY":
      return { ...recipe, steps: [...recipe.steps, copyOf(instruction as Copy, words)] };
    case "ENV":
      return { ...recipe, env: { ...recipe.env, ...Object.fromEntries(words.map((word) => word.split(/=(.*)/s, 2))) } };
    case "USER":
      return { ...recipe, user: words[0]! };
    case "WORKDIR":
      return { ...recipe, folder: words[0]! };
    case "ENTRYPOINT":
      return { ...recipe, entrypoint: json() };
    case "CMD":
      return { ...recipe, command: json() };
    case "EXPOSE":
    case "HEALTHCHECK":
      return recipe;
    default:
      throw new Error(`the instruction ${instruction.getKeyword()} has no meaning here`);
  }
}

/** The lines of a RUN as the shell gets them. */
function scriptOf(instruction: Instruction): string {
  return instruction.getRawArgumentsContent()!.replace(/\\\n/g, "");
}

function copyOf(copy: Copy, words: readonly string[]): Step {
  const flag = (name: string) => copy.getFlags().find((flag) => flag.getName() === name)?.getValue() ?? undefined;
  if (words.length !== 2) throw new Error(`COPY with ${words.length} paths has no meaning here`);
  return { kind: "copy", stage: flag("from"), from: words[0]!, to: words[1]!, mode: flag("chmod") };
}
