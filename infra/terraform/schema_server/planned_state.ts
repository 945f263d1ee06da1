/** What a provider would plan, from the schema alone: what is configured, and the rest known after apply. */
import { isWireType, type Members, splitMarks } from "../provider_typings.ts";
import { UNKNOWN, Unknown } from "./wire_value.ts";

type State = Readonly<Record<string, unknown>>;

/**
 * Fills in what is not configured.
 *
 * @param proposed what is configured; null where the resource is removed
 * @param absent gives the value of an attribute that is computed and not configured
 */
export function plannedState(
  members: Members,
  proposed: unknown,
  absent: (name: string) => unknown = () => UNKNOWN,
): unknown {
  if (proposed === null || proposed instanceof Unknown) return proposed;
  const state = proposed as State;
  return Object.fromEntries(
    Object.entries(members).map(([marked, member]) => {
      const { name, marks } = splitMarks(marked);
      const value = state[name] ?? null;
      const computed = /[~=]/.test(marks);
      if (isWireType(member) || marks.includes("&")) return [name, value === null && computed ? absent(name) : value];
      if (!Array.isArray(value)) return [name, plannedState(member, value, absent)];
      if (value.length === 0 && computed) return [name, absent(name)];
      return [name, value.map((inner) => plannedState(member, inner, absent))];
    }),
  );
}
