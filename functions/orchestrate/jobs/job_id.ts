/** Ids of jobs: they sort by the time they were made, and become keys of the store. */

/** A new id; eight digits of base 36 hold milliseconds until 2059. */
export function newJobId(now: Date): string {
  return `${now.getTime().toString(36).padStart(8, "0")}-${crypto.randomUUID().slice(0, 8)}`;
}

/** Time at which a job was made, milliseconds since 1970; undefined for what is no id, so that nothing else becomes a key. */
export function jobTime(id: string): number | undefined {
  if (!/^[0-9a-z]{8,10}-[0-9a-f]{8}$/.test(id)) return undefined;
  return parseInt(id.split("-")[0]!, 36);
}

/** Day of a time as folders have it, such as 2026-01-31. */
export function dayOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}
