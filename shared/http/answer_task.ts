/** Answers a task over HTTP: reads it, does it while the caller waits, answers. */
import { type Invoke, TASK_SCHEMAS, type TaskKind } from "shared/engine/task_kinds.ts";
import { longAnswer } from "./long_answer.ts";
import { readJson } from "./read_json.ts";

interface AnswerTaskOptions<K extends TaskKind> {
  readonly kind: K;
  readonly invoke: Invoke<K>;
  /** Called with errors that the answer does not explain. */
  readonly log: (line: string) => void;
}

/**
 * Does the task in the body of a request and answers with its report; the caller hangs up to cancel.
 *
 * @throws {ClearstackError} what fails before the answer has begun; a ZodError for a task that breaks its schema
 */
export async function answerTask<K extends TaskKind>(
  request: Request,
  { kind, invoke, log }: AnswerTaskOptions<K>,
): Promise<Response> {
  const task = await readJson(request, TASK_SCHEMAS[kind].task);
  return await longAnswer(request, (signal) => invoke(task, signal), { log });
}
