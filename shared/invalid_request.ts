/** What is wrong with a request that breaks its schema: every issue in words, and the first of them in fields. */
import type { z } from "zod";
import { ClearstackError, type ErrorFields } from "./errors.ts";

/** One thing that is wrong. */
export interface InvalidSetting {
  /** Such as `algorithm.iterations`; empty for the request as a whole. */
  readonly path: string;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** Longer strings, and URLs, which may hold secrets, are not repeated. */
const MAX_CHARACTERS = 200;

/** Nobody reads more, and who sends nonsense is not to be answered by as much of it. */
const MAX_ISSUES = 32;
const MAX_MESSAGE = 500;

/** Path and message of every issue, of the first if there are many; of a union, those of the alternative that came closest. */
export function invalidSettings(issues: readonly Issue[], prefix: readonly PropertyKey[] = []): InvalidSetting[] {
  return issues.slice(0, MAX_ISSUES).flatMap((issue) => {
    const path = [...prefix, ...issue.path];
    if (issue.code === "invalid_union") {
      const closest = issue.errors.toSorted((a, b) => depth(b) - depth(a))[0];
      if (closest && depth(closest) > 0) return invalidSettings(closest, path);
    }
    return [{ path: path.map(String).join("."), message: cut(issue.message) }];
  });
}

function cut(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE)}...`;
}

function depth(issues: readonly Issue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

/** All issues in one line. */
export function describeInvalid(settings: readonly InvalidSetting[]): string {
  return settings.map(({ path, message }) => path ? `${path}: ${message}` : message).join("; ");
}

/**
 * Path and value of the first setting that is wrong.
 *
 * @param input the request as it was given
 */
export function invalidFields([first]: readonly InvalidSetting[], input: unknown): ErrorFields {
  if (first === undefined || first.path === "") return {};
  const value = first.path.split(".").reduce<unknown>((inner, key) => (inner as Record<string, unknown>)?.[key], input);
  return isTellable(value) ? { path: first.path, value } : { path: first.path };
}

function isTellable(value: unknown): boolean {
  if (typeof value === "string") return value.length <= MAX_CHARACTERS && !value.includes("://");
  if (Array.isArray(value)) return value.length <= 8 && value.every((item) => typeof item === "number");
  return value !== undefined && (value === null || typeof value === "number" || typeof value === "boolean");
}

/** The error for a request that breaks its schema. */
export function invalidRequest(issues: readonly Issue[], input: unknown): ClearstackError {
  const settings = invalidSettings(issues);
  return new ClearstackError("invalid-request", describeInvalid(settings), invalidFields(settings, input));
}
